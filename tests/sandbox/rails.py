"""The providers of this world, in the order of their ports. A new rail is one line here."""

from .alipay.rail import Alipay
from .s3.rail import ObjectStorage
from .sms.rail import ShortMessages
from .unionpay.rail import UnionPay
from .wx.rail import WeChatApi
from .wxpay.rail import WeChatPay

RAILS = (WeChatApi, WeChatPay, Alipay, UnionPay, ShortMessages, ObjectStorage)
