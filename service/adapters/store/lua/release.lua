-- ARGV: id, token, and after how many ms it may be taken ('' for at once).
local token, status = unpack(redis.call('HMGET', KEYS[1], 'token', 'status'))
if not token then
  return 'unknown'
end
if token ~= ARGV[2] or status ~= 'in_progress' then
  return 'lost'
end
redis.call('HSET', KEYS[1], 'status', 'queued')
if ARGV[3] == '' then
  redis.call('ZADD', KEYS[4], 0, ARGV[1]) -- before those that have not begun
else
  redis.call('HINCRBY', KEYS[1], 'setbacks', 1)
  redis.call('ZADD', KEYS[4], now_ms() + ARGV[3], ARGV[1])
end
return 'written'
