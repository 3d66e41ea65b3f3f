-- KEYS[1]: the job's document.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'background', '1')
end
