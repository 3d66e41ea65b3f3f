-- KEYS[1]: the document, KEYS[2]: the log. ARGV: where to begin, and how many entries to read.
local status, trimmed = unpack(redis.call('HMGET', KEYS[1], 'status', 'trimmed'))
if not status then
  return false
end
return { status, trimmed, redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2]) }
