-- KEYS[1]: the document, KEYS[2]: the log. ARGV: where to begin, how many entries to read, and whether that counts ('': not).
local status, trimmed = unpack(redis.call('HMGET', KEYS[1], 'status', 'trimmed'))
if not status then
  return false
end
if ARGV[3] ~= '' and not is_final(status) then
  redis.call('HINCRBY', KEYS[1], 'reads', 1)
end
return { status, trimmed, redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2]) }
