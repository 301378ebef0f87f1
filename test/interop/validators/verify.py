"""Judges the chains of a list as pyca/cryptography does, each line by itself."""

import datetime
import ipaddress
import sys

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store


def subject(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def read(path):
    with open(path, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


def judge(use, root, issuing, leaf, host):
    policy = PolicyBuilder().store(Store([read(root)])).time(datetime.datetime.now(datetime.timezone.utc))
    chain = read(leaf), [read(issuing)]
    if use == "server":
        policy.build_server_verifier(subject(host)).verify(*chain)
    else:
        policy.build_client_verifier().verify(*chain)


for line in open(sys.argv[1], encoding="utf8"):
    try:
        judge(*line.rstrip("\n").split("\t"))
        print("ok")
    except Exception as problem:
        print("refused", " ".join(str(problem).split()))
