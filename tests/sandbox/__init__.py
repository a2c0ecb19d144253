"""The simulated outside world: one process that speaks the providers' protocols on the wire.

The back end never knows that it is not talking to the real thing: only its base URLs and keys
differ. Signatures are checked and made with generated keys, notices are retried on schedule, and
faults that real life produces can be ordered.

As a process
------------
    python -m tests.sandbox serve [--host 127.0.0.1] [--first-port 9900] [--data var/sandbox]
    python -m tests.sandbox env   [the same options]

`serve` writes `<data>/env` (what `env` prints) before it announces itself. Ports: the first one is
the control API and an overview page, +1 the WeChat API, +2 WeChat Pay, +5 SMS (Aliyun and Tencent),
+6 an S3-compatible store and its CDN. A taken port is one line on stderr and exit code 2. Keys and
state live in `<data>`; both survive a restart, keys also a reset.

In tests
--------
    with Sandbox(tmp_path) as sandbox, SandboxClient(sandbox.control_url) as control:
        alice = control.persona(id="alice", phone="13800138000")
        code = control.login_code("alice")                   # what wx.login() gives
        control.request_payment(params)                      # what wx.requestPayment() does
        control.fault("error:SYSTEM_ERROR", "wxpay", "refund")
        control.clock(advance=15)                            # the next retry is due
        control.outbox("notify", out_trade_no="T0001")       # with every delivery attempt
        control.last_sms("13800138000")["params"]["code"]    # what the person types in
        control.object_bytes("private/1.pdf")                # what the back end stored

Two clocks
----------
Expiry, retries, token ages and SMS limits follow the virtual clock of the control API. Signature
timestamps follow the real clock, since the back end signs with its own; so do signed links and
upload forms, whose end `control.age_links(seconds)` brings nearer.

Parts
-----
    server, web, __main__   ports, HTTP, command line
    world                   what all rails share: store, clock, people, courier, faults, outbox
    control, client, page   the control API, its Python client and the overview page
    wx/                     the WeChat mini-program API and its message push
    wxpay/                  WeChat Pay v3
    sms/                    Aliyun's and Tencent Cloud's SendSms
    s3/                     an S3-compatible store: objects are files, not part of the state

A new provider is a package with a `Rail` (see `world.Rail`) and one line in `rails.RAILS`.
"""
