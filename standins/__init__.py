"""Aliyun's short message service spoken over HTTP on this machine, for the demo, the tests and the benchmarks.

A program of its own: it never imports ``app``, so that both sides can be wrong only independently.
One port serves Dysmsapi and dybaseapi (``POST /``), the MNS queues (``/queues/…``), the upload address (``/upload``)
and the control desk (``/control/…``) from which a test sets the behaviour and reads the journal.

Start it with ``python -m standins --port N``, or from Python with ``standins.spawn.running()``, which gives a
``standins.control.Control``: that class names everything the desk can do, ``standins.behaviour`` every trouble.
Out of the box there are key ``standin-key`` with secret ``standin-secret`` on account 1000000000000001, the signature
云顶云, and the templates SMS_100001 (验证码) to SMS_100004 (推广).
"""
