-- KEYS[1]: the jobs not yet finished. ARGV: prefix, owner, lease_ms.
while true do
  local ready = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms(), 'LIMIT', 0, 1)
  if #ready == 0 then
    return false
  end
  local id = ready[1]
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
