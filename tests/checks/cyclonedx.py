#!/usr/bin/env python3
"""Holds a cryptographic bill of materials to CycloneDX 1.6, as far as braid uses it.

usage: cyclonedx.py BOM.json...

The rules are those of the published JSON schema (bom-1.6.schema.json): for every object that may occur in a bill of
ours its members with their types, which of them must be there, that there are no others, enumerations, patterns, ranges,
unique items. Beyond the schema, what its descriptions demand: every bom-ref is unique, every reference leads to a
component, and the properties that are there are those of the asset type. A member of the schema that braid does not
write (services, licences, evidence ...) is not known here and fails.
"""

import json
import re
import sys

TEXT, NUMBER, TRUTH = str, int, bool
DATE_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
REFERENCE = r"^(?!urn:cdx:).+$"


class Object:
    def __init__(self, required="", **members):
        self.required, self.members = required.split(), {name.replace("_", "-") if name == "bom_ref" else name: rule for name, rule in members.items()}


class List:
    def __init__(self, item, unique=False):
        self.item, self.unique = item, unique


def one_of(words):
    return tuple(words.split())


REFS = List(REFERENCE)
ALGORITHM = Object(
    primitive=one_of("drbg mac block-cipher stream-cipher signature hash pke xof kdf key-agree kem ae combiner other unknown"),
    parameterSetIdentifier=TEXT,
    curve=TEXT,
    executionEnvironment=one_of("software-plain-ram software-encrypted-ram software-tee hardware other unknown"),
    implementationPlatform=one_of("generic x86_32 x86_64 armv7-a armv7-m armv8-a armv8-m armv9-a armv9-m s390x ppc64 ppc64le other unknown"),
    mode=one_of("cbc ecb ccm gcm cfb ofb ctr other unknown"),
    padding=one_of("pkcs5 pkcs7 pkcs1v15 oaep raw other unknown"),
    cryptoFunctions=List(one_of("generate keygen encrypt decrypt digest tag keyderive sign verify encapsulate decapsulate other unknown")),
    classicalSecurityLevel=range(0, sys.maxsize),
    nistQuantumSecurityLevel=range(0, 7),
)
CERTIFICATE = Object(subjectName=TEXT, issuerName=TEXT, notValidBefore=DATE_TIME, notValidAfter=DATE_TIME, signatureAlgorithmRef=REFERENCE,
                     subjectPublicKeyRef=REFERENCE, certificateFormat=TEXT, certificateExtension=TEXT)
MATERIAL = Object(
    type=one_of("private-key public-key secret-key key ciphertext signature digest initialization-vector nonce seed salt shared-secret tag "
                "additional-data password credential token other unknown"),
    id=TEXT, state=one_of("pre-activation active suspended deactivated compromised destroyed"), algorithmRef=REFERENCE, creationDate=DATE_TIME,
    activationDate=DATE_TIME, updateDate=DATE_TIME, expirationDate=DATE_TIME, value=TEXT, size=NUMBER, format=TEXT)
TRANSFORMS = Object(encr=REFS, prf=REFS, integ=REFS, ke=REFS, esn=TRUTH, auth=REFS)
PROTOCOL = Object(type=one_of("tls ssh ipsec ike sstp wpa other unknown"), version=TEXT, ikev2TransformTypes=TRANSFORMS, cryptoRefArray=REFS)
PROPERTIES = {"algorithm": ("algorithmProperties", ALGORITHM), "certificate": ("certificateProperties", CERTIFICATE),
              "related-crypto-material": ("relatedCryptoMaterialProperties", MATERIAL), "protocol": ("protocolProperties", PROTOCOL)}
CRYPTO = Object("assetType", assetType=tuple(PROPERTIES), oid=TEXT, **dict(PROPERTIES.values()))
COMPONENT = Object(
    "type name",
    type=one_of("application framework library container platform operating-system device device-driver firmware file machine-learning-model data "
                "cryptographic-asset"),
    bom_ref=REFERENCE, name=TEXT, version=TEXT, description=TEXT, cryptoProperties=CRYPTO)
METADATA = Object(timestamp=DATE_TIME, tools=Object(components=List(COMPONENT, unique=True)), component=COMPONENT)
BOM = Object(
    "bomFormat specVersion", bomFormat=one_of("CycloneDX"), specVersion=one_of("1.6"),
    serialNumber=r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", version=range(1, sys.maxsize), metadata=METADATA,
    components=List(COMPONENT, unique=True), dependencies=List(Object("ref", ref=REFERENCE, dependsOn=List(REFERENCE, unique=True)), unique=True))


def check_object(rule, value, path):
    if not isinstance(value, dict):
        yield f"{path}: not an object"
        return
    for name in rule.required:
        if name not in value:
            yield f"{path}: {name} is missing"
    for name, member in value.items():
        if name in rule.members:
            yield from check(rule.members[name], member, f"{path}.{name}")
        else:
            yield f"{path}: {name} may not stand here"


def check_list(rule, value, path):
    if not isinstance(value, list):
        yield f"{path}: not a list"
        return
    if rule.unique and len({json.dumps(item, sort_keys=True) for item in value}) != len(value):
        yield f"{path}: the same twice"
    for index, item in enumerate(value):
        yield from check(rule.item, item, f"{path}[{index}]")


def check(rule, value, path):
    if isinstance(rule, Object):
        yield from check_object(rule, value, path)
    elif isinstance(rule, List):
        yield from check_list(rule, value, path)
    elif isinstance(rule, range):
        if not isinstance(value, int) or isinstance(value, bool) or value not in rule:
            yield f"{path}: {value!r} is out of range"
    elif isinstance(rule, tuple):
        if value not in rule:
            yield f"{path}: {value!r} is none of {', '.join(rule)}"
    elif isinstance(rule, str):
        if not isinstance(value, str) or not re.match(rule, value):
            yield f"{path}: {value!r} does not look right"
    elif not isinstance(value, rule) or (rule is NUMBER and isinstance(value, bool)):
        yield f"{path}: {value!r} is no {rule.__name__}"


def references(value, key=""):
    """All references in an object, and the bom-refs they may lead to."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from references(member, name)
    elif isinstance(value, list):
        for item in value:
            yield from references(item, key)
    elif key in ("ref", "dependsOn", "encr", "prf", "integ", "ke", "auth") or key.endswith("Ref"):
        yield value


def check_meaning(bom):
    components = bom["components"] + [bom["metadata"]["component"]]
    names = [component["bom-ref"] for component in components if "bom-ref" in component]
    for name in names:
        if names.count(name) > 1:
            yield f"{name}: not unique"
    for reference in references(bom):
        if reference not in names:
            yield f"{reference}: leads nowhere"
    for component in bom["components"]:
        crypto = component.get("cryptoProperties", {})
        wanted, _ = PROPERTIES[crypto.get("assetType")]
        if set(crypto) - {"assetType", "oid"} != {wanted}:
            yield f"{component['bom-ref']}: has {sorted(crypto)}, not {wanted}"


def main():
    failed = False
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            bom = json.load(file)
        troubles = list(check(BOM, bom, "bom")) or list(check_meaning(bom))
        for trouble in troubles:
            print(f"# {path}: {trouble}")
        failed |= bool(troubles)
    sys.exit(failed or len(sys.argv) < 2)


if __name__ == "__main__":
    main()
