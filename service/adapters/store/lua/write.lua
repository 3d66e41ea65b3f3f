-- ARGV: id, token, lease_ms, kept, ttl_ms, ending ('' for none), its event, its data,
-- number of entries, (sequence, event, data) each, (name, round) each.
local id, kept, ending = ARGV[1], tonumber(ARGV[4]), ARGV[6]
local token, status, last = unpack(redis.call('HMGET', KEYS[1], 'token', 'status', 'last'))
if not token then
  return 'unknown'
end
if token == ARGV[2] and ending ~= '' and status == ending then
  return 'written' -- before; its answer was lost
end
if token ~= ARGV[2] or status ~= 'in_progress' then
  return 'lost'
end

local position = 10
for _ = 1, tonumber(ARGV[9]) do
  if tonumber(ARGV[position]) > tonumber(last) then
    append(ARGV[position], ARGV[position + 1], ARGV[position + 2], kept)
  end
  position = position + 3
end
for name = position, #ARGV, 2 do
  redis.call('HSETNX', KEYS[3], ARGV[name], ARGV[name + 1])
  redis.call('HDEL', KEYS[1], 'setbacks')
end
redis.call('ZADD', KEYS[4], now_ms() + ARGV[3], id)
if ending ~= '' then
  finish(id, ending, ARGV[7], ARGV[8], kept, ARGV[5])
end
return 'written'
