-- ARGV: id, token.
local token, status = unpack(redis.call('HMGET', KEYS[1], 'token', 'status'))
if not token then
  return 'unknown'
end
if token ~= ARGV[2] or status ~= 'in_progress' then
  return 'lost'
end
redis.call('HSET', KEYS[1], 'status', 'queued')
redis.call('ZADD', KEYS[4], 0, ARGV[1]) -- before those that have not begun
return 'written'
