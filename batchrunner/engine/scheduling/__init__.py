"""When what is sent: slots, the rate of requests, and when running tasks are polled."""
