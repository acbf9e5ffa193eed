"""When what is sent: slots, the rate of requests, and the times at which running tasks are polled."""
