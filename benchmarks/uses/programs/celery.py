# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "celery==5.7.0",
# ]
# ///
"""Runs a task eagerly."""

import celery
a = celery.Celery("a"); a.conf.task_always_eager = True
@a.task
def t(x): return x + 1
print(t.delay(1).get())
