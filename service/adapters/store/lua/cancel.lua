-- ARGV: id, kept, ttl_ms, ending, its event, its data, whether it is a client that leaves ('1') or an order ('').
local status, background = unpack(redis.call('HMGET', KEYS[1], 'status', 'background'))
if not status then
  return false
end
if is_final(status) then
  return status
end
if ARGV[7] == '1' then
  local clients = redis.call('HINCRBY', KEYS[1], 'clients', -1)
  if background == '1' or clients > 0 then
    return status
  end
end
finish(ARGV[1], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[2]), ARGV[3])
return status
