-- KEYS[1]: the jobs not yet finished. ARGV: prefix, owner, lease_ms.
-- What was begun goes before what was not, which goes by tenants' turns.
local function first(from, to)
  return redis.call('ZRANGEBYSCORE', KEYS[1], from, to, 'LIMIT', 0, 1)[1]
end

while true do
  local begun = first('-inf', 0) or first(FIRST_MS, now_ms())
  local id = begun or first('(0', '(' .. FIRST_MS)
  if not id then
    return false
  end
  if not begun then
    redis.call('HSET', turns(KEYS[1]), 'now', redis.call('ZSCORE', KEYS[1], id))
  end
  local job = ARGV[1] .. 'job:' .. id
  local status = redis.call('HGET', job, 'status')
  if status and not is_final(status) then
    if status == 'in_progress' then
      redis.call('HINCRBY', job, 'crashes', 1)
    end
    lease(job, KEYS[1], id, ARGV[2], ARGV[3])
    return { id, redis.call('HGETALL', job), redis.call('HGETALL', ARGV[1] .. 'rounds:' .. id) }
  end
  redis.call('ZREM', KEYS[1], id)
end
