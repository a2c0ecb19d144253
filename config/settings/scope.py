"""By which people the rows of each model are reached, for roles whose data scope is not everything.

Paths lead to the person who works (the counselor of an appointment, the member of staff of a log
row), never to the client.  "" is the row itself; "common" are rows that are nobody's; what is not
listed, or has no path, is for those alone who reach everything.
"""

_COUNSELOR = "items__appointment__counselor__user"

DATA_SCOPE = {
    "accounts.accountdeletion": ["user"],
    "accounts.cachepurge": "common",
    "accounts.apikey": ["owner"],
    "accounts.consent": ["user"],
    "accounts.emailcode": [],
    "accounts.exportjob": ["requested_by"],
    "accounts.loginlog": ["user"],
    "accounts.loginsession": ["user"],
    "accounts.notification": ["user"],
    "accounts.operationlog": ["admin"],
    "accounts.organisation": ["members"],
    "accounts.phonecode": [],
    "accounts.statuschange": ["actor"],
    "accounts.user": [""],
    "accounts.wechatevent": [],
    "accounts.wechatidentity": ["user"],
    "commerce.address": [],
    "commerce.bill": [],
    "commerce.billdifference": [],
    "commerce.ledgertransaction": [f"order__{_COUNSELOR}"],
    "commerce.merchant": ["user"],
    "commerce.merchantapplication": [],
    "commerce.order": [_COUNSELOR],
    "commerce.payment": [f"order__{_COUNSELOR}"],
    "commerce.paymentanomaly": [f"payment__order__{_COUNSELOR}"],
    "commerce.paymentnotice": [],
    "commerce.refund": [f"order__{_COUNSELOR}"],
    "commerce.shipment": ["order__merchant__user"],
    "commerce.shippingreport": ["order__merchant__user"],
    "counseling.appointment": ["counselor__user"],
    "counseling.clientprofile": ["appointments__counselor__user"],
    "counseling.counselor": ["user"],
    "counseling.service": ["counselor__user"],
    "counseling.timeslot": ["counselor__user"],
    "counseling.weeklytemplate": ["counselor__user"],
    "farm.animal": ["merchant__user"],
    "farm.animalclaim": ["merchant__user"],
    "farm.animalupdate": ["animal__merchant__user"],
    "farm.claimagreement": ["claim__merchant__user"],
    "media.file": ["owner"],
    # Settings and published words of the whole platform.
    "accounts.agreement": "common",
    "accounts.menu": "common",
    "accounts.notificationtemplate": "common",
    "accounts.parameterchange": "common",
    "accounts.role": "common",
    "accounts.usertag": "common",
    "constance.config": "common",
    "content.category": "common",
    "content.diseasetag": "common",
    "django_celery_beat.periodictask": "common",
}
