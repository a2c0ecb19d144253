"""Short messages as Aliyun (dysmsapi 2017-05-25) and Tencent Cloud (sms 2021-01-11) send them."""
