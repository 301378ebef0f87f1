import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  byCertmonger,
  byCerttool,
  byCertutil,
  byHand,
  byKeytool,
  byOpenssl,
  oid,
  pemOf,
  tlv,
} from '../../../test/rig/request-makers.ts';
import { isHoldfastError } from '../../base/index.ts';
import { formatGeneralName, formatName, type Role } from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';

/** What is to become of a request. */
interface Taken {
  /** `server/www`. */
  readonly as: string;
  /** Its host names and addresses, separated by blanks. */
  readonly names?: string;
  /** Of the certificate, innermost first. */
  readonly subject?: string;
  /** What would widen it, and is left out. */
  readonly leftOut?: readonly string[];
  /** What is passed over by everybody. */
  readonly passedOver?: readonly string[];
}
interface Refused {
  readonly code: string;
  /** The way out, or what is wrong. */
  readonly says?: RegExp;
}

interface Row {
  readonly shape: string;
  /** For a new key each time. */
  readonly make: () => Promise<Buffer | string> | Buffer | string;
  readonly said?: { readonly role?: Role; readonly name?: string };
  /** Handed in without a code: waits for a person, or is refused. */
  readonly queue: Taken | Refused;
  /** With a code for what would be issued, or for what is named here. */
  readonly byCode: 'taken' | Refused;
  readonly codeFor?: { readonly as: string; readonly names?: string };
}

const notAuthorised = (what: RegExp): Refused => ({
  code: 'request_not_allowed',
  says: new RegExp(`asks for .*${what.source}.*, which was not authorised`),
});
const server = (name: string, names = name): Taken => ({ as: `server/${name}`, names });

/** Asked for by most wizards of Windows. */
const windowsAttributes = [
  ['1.3.6.1.4.1.311.13.2.3', tlv(0x16, Buffer.from('10.0.17763.2'))],
  [
    '1.3.6.1.4.1.311.21.20',
    tlv(
      0x30,
      tlv(0x02, Buffer.of(5)),
      tlv(0x0c, Buffer.from('web1')),
      tlv(0x0c, Buffer.from('CORP\\ann')),
      tlv(0x0c, Buffer.from('InetMgr.exe')),
    ),
  ],
  [
    '1.3.6.1.4.1.311.13.2.2',
    tlv(
      0x30,
      tlv(0x02, Buffer.of(1)),
      tlv(0x1e, Buffer.from('Microsoft RSA', 'utf16le').swap16()),
      tlv(0x03, Buffer.of(0)),
    ),
  ],
] as const;
const templates = [
  ['1.3.6.1.4.1.311.20.2', tlv(0x1e, Buffer.from('WebServer', 'utf16le').swap16())],
  ['1.3.6.1.4.1.311.21.7', tlv(0x30, oid('1.3.6.1.4.1.311.21.8.1.2.3'), tlv(0x02, Buffer.of(100)))],
  ['1.3.6.1.4.1.311.21.10', tlv(0x30, tlv(0x30, oid('1.3.6.1.5.5.7.3.1')))],
  ['1.2.840.113549.1.9.15', tlv(0x30, tlv(0x30, oid('2.16.840.1.101.3.4.1.42')))],
] as const;
/** PKCS#9's attribute for them (RFC 2985 §5.4.2). */
const extensionRequest = '1.2.840.113549.1.9.14';
const cnOf = (text: string) => ['2.5.4.3', 0x0c, text] as const;
const san = (...names: readonly Buffer[]) => ['2.5.29.17', tlv(0x30, ...names)] as const;
const dnsName = (text: string): Buffer => tlv(0x82, Buffer.from(text));
const serverAuth = ['2.5.29.37', tlv(0x30, oid('1.3.6.1.5.5.7.3.1'))] as const;

const rows: readonly Row[] = [
  {
    shape: 'openssl: a host as common name',
    make: () => byOpenssl({ subject: '/CN=w1.example.com' }),
    queue: server('w1.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'openssl: a word as common name',
    make: () => byOpenssl({ subject: '/CN=laptop' }),
    queue: { as: 'client/laptop', subject: 'CN=laptop' },
    byCode: 'taken',
  },
  {
    shape: 'IIS: all of a subject, key usage, serverAuth, what Windows adds',
    make: () =>
      byHand({
        subject: [
          ['2.5.4.6', 0x13, 'US'],
          ['2.5.4.8', 0x0c, 'Connecticut'],
          ['2.5.4.7', 0x0c, 'Southbury'],
          ['2.5.4.10', 0x0c, 'Storactive'],
          ['2.5.4.11', 0x0c, 'LiveBackup'],
          cnOf('lbserver'),
        ],
        attributes: windowsAttributes,
        extensions: [['2.5.29.15', tlv(0x03, Buffer.of(4, 0xf0))], serverAuth, templates[3]],
      }),
    queue: {
      ...server('lbserver'),
      subject: 'CN=lbserver,OU=LiveBackup,O=Storactive,L=Southbury,ST=Connecticut,C=US',
      passedOver: [
        'the extension keyUsage',
        'the extension extendedKeyUsage',
        'the extension smimeCapabilities',
        'the attribute osVersion',
        'the attribute requestClientInfo',
        'the attribute enrollmentCspProvider',
      ],
    },
    byCode: 'taken',
  },
  {
    shape: 'certreq: a template by name and number, application policies',
    make: () =>
      byHand({
        subject: [cnOf('w2.example.com')],
        attributes: windowsAttributes,
        extensions: [serverAuth, ...templates],
      }),
    queue: server('w2.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'certreq of old: extensions under the attribute of Microsoft',
    make: () =>
      byHand({
        subject: [cnOf('w3.example.com')],
        extensionRequest: '1.3.6.1.4.1.311.2.1.14',
        extensions: [san(dnsName('w3.example.com'), dnsName('w3b.example.com')), serverAuth],
      }),
    queue: server('w3.example.com', 'w3.example.com w3b.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'Windows: a computer, clientAuth and its host name as common name',
    make: () => byOpenssl({ subject: '/CN=pc1.corp.example', extensions: ['extendedKeyUsage=clientAuth'] }),
    queue: { as: 'client/pc1.corp.example', subject: 'CN=pc1.corp.example' },
    byCode: 'taken',
  },
  {
    shape: 'Windows: an account by its security identifier',
    make: () => byHand({ subject: [cnOf('ann')], extensions: [['1.3.6.1.4.1.311.25.2', tlv(0x30)]] }),
    queue: { as: 'client/ann', leftOut: ['the extension ntdsCaSecurity'] },
    byCode: notAuthorised(/the extension ntdsCaSecurity/),
  },
  {
    shape: 'Windows: a person by the user principal name',
    make: () =>
      byOpenssl({
        subject: '/CN=Bob',
        extensions: [
          'extendedKeyUsage=clientAuth,msSmartcardLogin',
          'subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:bob@corp.example',
        ],
      }),
    queue: {
      as: 'client/bob',
      leftOut: ['userPrincipalName:bob@corp.example', 'the extended key usage smartcardLogon'],
    },
    byCode: notAuthorised(/the extended key usage smartcardLogon/),
  },
  {
    shape: 'Exchange: many names, the first as common name',
    make: () =>
      byCerttool(
        'cn = "mail.corp.example"',
        'organization = "Corp"',
        'country = "DE"',
        'dns_name = "mail.corp.example"',
        'dns_name = "autodiscover.corp.example"',
        'dns_name = "ex1"',
        'signing_key',
        'encryption_key',
        'tls_www_server',
      ),
    queue: server('mail.corp.example', 'mail.corp.example autodiscover.corp.example ex1'),
    byCode: 'taken',
  },
  {
    shape: 'Remote Desktop: its own purpose beside serverAuth',
    make: () =>
      byOpenssl({
        subject: '/CN=rdp.example.com',
        extensions: ['extendedKeyUsage=serverAuth,1.3.6.1.4.1.311.54.1.2'],
      }),
    queue: { ...server('rdp.example.com'), leftOut: ['the extended key usage remoteDesktopAuthentication'] },
    byCode: notAuthorised(/remoteDesktopAuthentication/),
  },
  {
    shape: 'IPsec: IKE beside serverAuth and clientAuth',
    make: () =>
      byOpenssl({
        subject: '/CN=vpn.example.com',
        extensions: [
          'subjectAltName=DNS:vpn.example.com',
          'extendedKeyUsage=serverAuth,clientAuth,1.3.6.1.5.5.7.3.17',
        ],
      }),
    queue: { ...server('vpn.example.com'), leftOut: ['the extended key usage ipsecIKE'] },
    byCode: notAuthorised(/ipsecIKE/),
  },
  {
    shape: 'a purpose that nobody knows, and none of ours',
    make: () => byOpenssl({ subject: '/CN=odd1', extensions: ['extendedKeyUsage=1.2.3.4'] }),
    queue: { as: 'client/odd1', leftOut: ['the extended key usage 1.2.3.4'] },
    byCode: notAuthorised(/1\.2\.3\.4/),
  },
  {
    shape: 'code signing',
    make: () => byOpenssl({ subject: '/CN=coder', extensions: ['extendedKeyUsage=codeSigning'] }),
    queue: { as: 'client/coder', leftOut: ['the extended key usage codeSigning'] },
    byCode: notAuthorised(/codeSigning/),
  },
  {
    shape: 'any purpose',
    make: () =>
      byOpenssl({ subject: '/CN=any', extensions: ['extendedKeyUsage=anyExtendedKeyUsage,serverAuth'] }),
    queue: { ...server('any'), leftOut: ['the extended key usage anyExtendedKeyUsage'] },
    byCode: notAuthorised(/anyExtendedKeyUsage/),
  },
  {
    shape: 'IIS of old: server gated crypto beside serverAuth',
    make: () =>
      byOpenssl({
        subject: '/CN=sgc.example.com',
        extensions: ['extendedKeyUsage=serverAuth,msSGC,nsSGC'],
      }),
    queue: server('sgc.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'Cisco IOS: unstructuredName and serialNumber in the subject',
    make: () =>
      byOpenssl({
        subject: '/unstructuredName=router1.example.com/serialNumber=FTX1234/CN=router1.example.com',
      }),
    queue: {
      ...server('router1.example.com'),
      subject: 'CN=router1.example.com,serialNumber=FTX1234',
      passedOver: ['the subject unstructuredName=router1.example.com'],
    },
    byCode: 'taken',
  },
  {
    shape: 'VMware: a mail address among the names',
    make: () =>
      byOpenssl({
        subject: '/C=US/O=VMware/CN=vc.example.com',
        extensions: ['subjectAltName=email:admin@example.com,IP:192.0.2.9,DNS:vc.example.com'],
      }),
    queue: {
      ...server('vc.example.com', '192.0.2.9 vc.example.com'),
      leftOut: ['email:admin@example.com'],
    },
    byCode: notAuthorised(/email:admin@example\.com/),
  },
  {
    shape: 'a telephone system: a SIP address among the names',
    make: () =>
      byOpenssl({
        subject: '/CN=pbx.example.com',
        extensions: ['subjectAltName=DNS:pbx.example.com,URI:sip:pbx.example.com'],
      }),
    queue: { ...server('pbx.example.com'), leftOut: ['uri:sip:pbx.example.com'] },
    byCode: notAuthorised(/uri:sip:pbx/),
  },
  {
    shape: 'certmonger: Kerberos and user principal names beside a host name',
    make: () =>
      byCertmonger(
        '-N',
        'CN=ipa1.corp.example,O=CORP.EXAMPLE',
        '-D',
        'ipa1.corp.example',
        '-K',
        'host/ipa1.corp.example@CORP.EXAMPLE',
        '-U',
        'id-kp-serverAuth',
        '-L',
        'secret',
      ),
    queue: {
      ...server('ipa1.corp.example'),
      leftOut: ['userPrincipalName:host/ipa1.corp.example@CORP.EXAMPLE', 'krb5PrincipalName'],
      passedOver: [
        'the attribute challengePassword',
        'the attribute friendlyName',
        'the extension extendedKeyUsage',
        'the extension subjectKeyIdentifier',
      ],
    },
    byCode: notAuthorised(/userPrincipalName/),
  },
  {
    shape: 'NSS: names, key usage and purpose',
    make: () =>
      byCertutil(
        'CN=nss.example.com,O=Example',
        '-8',
        'nss.example.com,nss2.example.com',
        '--keyUsage',
        'digitalSignature',
        '--extKeyUsage',
        'serverAuth',
      ),
    queue: {
      ...server('nss.example.com', 'nss.example.com nss2.example.com'),
      subject: 'CN=nss.example.com,O=Example',
    },
    byCode: 'taken',
  },
  {
    shape: 'certmonger: a principal as common name',
    make: () => byOpenssl({ subject: '/CN=host\\/ipa2.corp.example' }),
    queue: { as: 'client/host-ipa2.corp.example', subject: 'CN=host/ipa2.corp.example' },
    byCode: 'taken',
  },
  {
    shape: 'certmonger: a principal as common name, for a server',
    make: () =>
      byOpenssl({
        subject: '/CN=host\\/ipa3.corp.example',
        extensions: ['extendedKeyUsage=serverAuth'],
      }),
    queue: {
      as: 'server/host-ipa3.corp.example',
      subject: 'CN=host-ipa3.corp.example',
      leftOut: ['the subject CN=host/ipa3.corp.example'],
    },
    byCode: 'taken',
  },
  {
    shape: 'YubiKey: the attestation of the key',
    make: () =>
      byHand({
        subject: [cnOf('yubi')],
        extensions: [
          ['1.3.6.1.4.1.41482.3.11', tlv(0x30)],
          ['1.3.6.1.4.1.41482.3.3', Buffer.of(5, 7, 1)],
        ],
      }),
    queue: {
      as: 'client/yubi',
      passedOver: ['the extension yubicoAttestationCertificate', 'the extension yubicoFirmwareVersion'],
    },
    byCode: 'taken',
  },
  {
    shape: 'the extension tlsFeature (must-staple)',
    make: () =>
      byOpenssl({
        subject: '/CN=ms.example.com',
        extensions: ['subjectAltName=DNS:ms.example.com', 'tlsfeature=status_request'],
      }),
    queue: { ...server('ms.example.com'), passedOver: ['the extension tlsFeature (must-staple)'] },
    byCode: 'taken',
  },
  {
    shape: 'configurations of OpenSSL of old: a Netscape type and comment',
    make: () =>
      byOpenssl({
        subject: '/CN=ns.example.com',
        extensions: ['nsCertType=server', 'nsComment=OpenSSL', 'nsBaseUrl=http://ns.example.com'],
      }),
    queue: {
      ...server('ns.example.com'),
      passedOver: [
        'the extension netscapeCertType',
        'the extension netscapeComment',
        'the extension netscapeBaseUrl',
      ],
    },
    byCode: 'taken',
  },
  {
    shape: 'no authority, said as such, and its key identifier',
    make: () =>
      byOpenssl({
        subject: '/CN=plain1',
        extensions: ['basicConstraints=critical,CA:FALSE', 'subjectKeyIdentifier=hash'],
      }),
    queue: { as: 'client/plain1', passedOver: ['the extension subjectKeyIdentifier'] },
    byCode: 'taken',
  },
  {
    shape: 'a challenge password and an unstructured name beside it',
    make: () =>
      byHand({
        subject: [cnOf('challenge')],
        attributes: [
          ['1.2.840.113549.1.9.7', tlv(0x0c, Buffer.from('secret'))],
          ['1.2.840.113549.1.9.2', tlv(0x16, Buffer.from('x'))],
        ],
      }),
    queue: {
      as: 'client/challenge',
      passedOver: ['the attribute challengePassword', 'the attribute unstructuredName'],
    },
    byCode: 'taken',
  },
  {
    shape: 'certificate policies',
    make: () => byOpenssl({ subject: '/CN=policies', extensions: ['certificatePolicies=2.23.140.1.2.1'] }),
    queue: { as: 'client/policies', leftOut: ['the extension certificatePolicies'] },
    byCode: notAuthorised(/certificatePolicies/),
  },
  {
    shape: 'an extension that nobody knows',
    make: () => byOpenssl({ subject: '/CN=odd2', extensions: ['1.2.3.4.5=ASN1:UTF8String:odd'] }),
    queue: { as: 'client/odd2', leftOut: ['the extension 1.2.3.4.5'] },
    byCode: notAuthorised(/1\.2\.3\.4\.5/),
  },
  {
    shape: 'an authority',
    make: () => byOpenssl({ subject: '/CN=ca', extensions: ['basicConstraints=critical,CA:TRUE'] }),
    queue: { code: 'request_not_allowed', says: /CA flag/ },
    byCode: { code: 'request_not_allowed', says: /CA flag/ },
    codeFor: { as: 'client/ca' },
  },
  {
    shape: 'the usage of an authority',
    make: () => byOpenssl({ subject: '/CN=ca', extensions: ['keyUsage=keyCertSign'] }),
    queue: { code: 'request_not_allowed', says: /keyCertSign/ },
    byCode: { code: 'request_not_allowed', says: /keyCertSign/ },
    codeFor: { as: 'client/ca' },
  },
  {
    shape: 'the constraints of an authority',
    make: () => byOpenssl({ subject: '/CN=ca', extensions: ['nameConstraints=permitted;DNS:example.com'] }),
    queue: { code: 'request_not_allowed', says: /nameConstraints/ },
    byCode: { code: 'request_not_allowed', says: /nameConstraints/ },
    codeFor: { as: 'client/ca' },
  },
  {
    shape: 'a host as common name that is none of the other names',
    make: () =>
      byOpenssl({
        subject: '/O=Example/CN=mail.example.com',
        extensions: ['subjectAltName=DNS:smtp.example.com,DNS:imap.example.com'],
      }),
    queue: {
      ...server('mail.example.com', 'smtp.example.com imap.example.com mail.example.com'),
      subject: 'CN=mail.example.com,O=Example',
    },
    byCode: 'taken',
  },
  {
    shape: 'the same, for a code without that name',
    make: () =>
      byOpenssl({
        subject: '/CN=mail2.example.com',
        extensions: ['subjectAltName=DNS:smtp2.example.com'],
      }),
    queue: server('mail2.example.com', 'smtp2.example.com mail2.example.com'),
    byCode: notAuthorised(/CN=mail2\.example\.com/),
    codeFor: { as: 'server/mail2', names: 'smtp2.example.com' },
  },
  {
    shape: 'a host name in its own letters as common name',
    make: () => byOpenssl({ subject: '/CN=bücher.example' }),
    queue: {
      ...server('bucher.example', 'xn--bcher-kva.example'),
      subject: 'CN=xn--bcher-kva.example',
    },
    byCode: 'taken',
  },
  {
    shape: 'a host name in capitals with a period at its end',
    make: () =>
      byOpenssl({
        subject: '/CN=Loud.Example.COM.',
        extensions: ['subjectAltName=DNS:LOUD.example.com'],
      }),
    queue: { ...server('loud.example.com'), subject: 'CN=loud.example.com' },
    byCode: 'taken',
  },
  {
    shape: 'a wildcard as common name',
    make: () => byOpenssl({ subject: '/CN=*.wild.example' }),
    queue: { ...server('wild.example', '*.wild.example'), subject: 'CN=*.wild.example' },
    byCode: 'taken',
  },
  {
    shape: 'a common name with an asterisk inside, which some programs match',
    make: () =>
      byOpenssl({ subject: '/CN=w*.half.example', extensions: ['subjectAltName=DNS:half.example'] }),
    queue: {
      ...server('w.half.example', 'half.example'),
      subject: 'CN=half.example',
      leftOut: ['the subject CN=w*.half.example'],
    },
    byCode: notAuthorised(/CN=w\*\.half/),
    codeFor: { as: 'server/half', names: 'half.example' },
  },
  {
    shape: 'addresses of both kinds',
    make: () =>
      byOpenssl({
        subject: '/CN=nas',
        extensions: ['subjectAltName=IP:192.0.2.7,IP:2001:db8::7,DNS:nas.example.com'],
      }),
    queue: server('nas', '192.0.2.7 2001:db8::7 nas.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'an address as common name',
    make: () => byOpenssl({ subject: '/CN=192.0.2.8' }),
    queue: { ...server('192.0.2.8'), subject: 'CN=192.0.2.8' },
    byCode: 'taken',
  },
  {
    shape: 'an address written as a host name',
    make: () => byHand({ subject: [cnOf('nas2')], extensions: [san(dnsName('192.0.2.10'))] }),
    queue: server('nas2', '192.0.2.10'),
    byCode: 'taken',
  },
  {
    shape: 'names alone, without a subject',
    make: () => byOpenssl({ extensions: ['subjectAltName=critical,DNS:alone.example.com'] }),
    queue: { ...server('alone.example.com'), subject: 'CN=alone.example.com' },
    byCode: 'taken',
  },
  {
    shape: 'neither a subject nor names',
    make: () => byOpenssl({}),
    queue: { code: 'name_invalid', says: /neither a common name nor a host name/ },
    byCode: 'taken',
    codeFor: { as: 'client/nobody' },
  },
  {
    shape: 'neither, and what it is called is said',
    make: () => byOpenssl({}),
    said: { name: 'said' },
    queue: { as: 'client/said', subject: 'CN=said' },
    byCode: 'taken',
  },
  {
    shape: 'several common names',
    make: () =>
      byOpenssl({
        subject: '/CN=Many of us/CN=many.example.com',
        extensions: ['subjectAltName=DNS:many.example.com'],
      }),
    queue: { ...server('many.example.com'), subject: 'CN=many.example.com,CN=Many of us' },
    byCode: notAuthorised(/CN=Many of us/),
  },
  {
    shape: 'a mail address in the subject',
    make: () => byOpenssl({ subject: '/O=Example/CN=ann2/emailAddress=ann@example.com' }),
    queue: { as: 'client/ann2', subject: 'emailAddress=ann@example.com,CN=ann2,O=Example' },
    byCode: 'taken',
  },
  {
    shape: 'a country in full, and a common name that is too long',
    make: () =>
      byHand({
        subject: [
          ['2.5.4.6', 0x13, 'Germany'],
          ['2.5.4.10', 0x0c, 'Example'],
          cnOf(`${'a'.repeat(60)}.example.com`),
        ],
        extensions: [san(dnsName('long.example.com'))],
      }),
    said: { name: 'long' },
    queue: {
      ...server('long', `long.example.com ${'a'.repeat(60)}.example.com`),
      subject: 'CN=long.example.com,O=Example',
      passedOver: ['the subject C=Germany', `the subject CN=${'a'.repeat(60)}.example.com`],
    },
    byCode: 'taken',
  },
  {
    shape: 'an attribute of a directory that certificates do not have',
    make: () => byHand({ subject: [['2.5.4.13', 0x0c, 'a printer'], cnOf('printer')] }),
    queue: {
      as: 'client/printer',
      subject: 'CN=printer',
      passedOver: ['the subject description=a printer'],
    },
    byCode: 'taken',
  },
  {
    shape: 'a host name, for a client as is said',
    make: () => byOpenssl({ subject: '/CN=pc2', extensions: ['subjectAltName=DNS:pc2.example.com'] }),
    said: { role: 'client' },
    queue: { as: 'client/pc2', leftOut: ['dns:pc2.example.com'] },
    byCode: notAuthorised(/dns:pc2/),
  },
  {
    shape: 'an identity of this network',
    make: () => byOpenssl({ extensions: ['subjectAltName=URI:spiffe://backup.example/storage/attic'] }),
    queue: { as: 'storage/attic', subject: 'CN=attic' },
    byCode: 'taken',
  },
  {
    shape: 'an identity of another network',
    make: () =>
      byOpenssl({ subject: '/CN=x', extensions: ['subjectAltName=URI:spiffe://other.example/client/x'] }),
    queue: { code: 'request_not_allowed', says: /no identity of backup\.example/ },
    byCode: { code: 'request_not_allowed', says: /no identity of backup\.example/ },
    codeFor: { as: 'client/x' },
  },
  {
    shape: 'another directory name, a registered identifier, a service',
    make: () =>
      byHand({
        subject: [cnOf('dir.example.com')],
        extensions: [
          san(
            tlv(0xa4, tlv(0x30, tlv(0x31, tlv(0x30, oid('2.5.4.3'), tlv(0x0c, Buffer.from('else')))))),
            tlv(0x88, Buffer.of(0x2a, 3, 4)),
            tlv(0xa0, oid('1.3.6.1.5.5.7.8.7'), tlv(0xa0, tlv(0x16, Buffer.from('_ldap.example')))),
          ),
        ],
      }),
    queue: {
      ...server('dir.example.com'),
      leftOut: ['directory:CN=else', 'registeredID', 'srvName:_ldap.example'],
    },
    byCode: notAuthorised(/directory:CN=else/),
  },
  {
    shape: 'an underscore in a host name',
    make: () =>
      byOpenssl({
        subject: '/CN=db_1.example.com',
        extensions: ['subjectAltName=DNS:db_1.example.com'],
      }),
    queue: { code: 'name_invalid', says: /holdfast policy set profiles\.server\.underscores on/ },
    byCode: notAuthorised(/db_1\.example\.com/),
    codeFor: { as: 'server/db-1' },
  },
  {
    shape: 'an underscore in the common name alone',
    make: () => byOpenssl({ subject: '/CN=db_2.example.com' }),
    queue: { code: 'name_invalid', says: /holdfast policy set profiles\.server\.underscores on/ },
    byCode: notAuthorised(/db_2\.example\.com/),
    codeFor: { as: 'server/db-2' },
  },
  {
    shape: 'IIS and Exchange of old: signed with SHA-1',
    make: () => byOpenssl({ subject: '/CN=sha1.example.com', key: 'rsa2048', options: ['-sha1'] }),
    queue: { code: 'signature_unsupported', says: /holdfast policy set profiles\.server\.sha1Proof on/ },
    byCode: { code: 'signature_unsupported', says: /holdfast policy set profiles\.server\.sha1Proof on/ },
    codeFor: { as: 'server/sha1', names: 'sha1.example.com' },
  },
  {
    shape: 'signed with MD5',
    make: () => byOpenssl({ subject: '/CN=md5', key: 'rsa2048', options: ['-md5'] }),
    queue: { code: 'signature_unsupported', says: /md5With/ },
    byCode: { code: 'signature_unsupported', says: /md5With/ },
    codeFor: { as: 'client/md5' },
  },
  {
    shape: 'signed with RSASSA-PSS',
    make: () =>
      byOpenssl({
        subject: '/CN=pss',
        key: 'rsa2048',
        options: ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'],
      }),
    queue: { as: 'client/pss' },
    byCode: 'taken',
  },
  {
    shape: 'Ed25519',
    make: () => byOpenssl({ subject: '/CN=ed', key: 'ed25519' }),
    queue: { as: 'client/ed' },
    byCode: 'taken',
  },
  {
    shape: 'P-384',
    make: () => byOpenssl({ subject: '/CN=p384', key: 'p384', options: ['-sha384'] }),
    queue: { as: 'client/p384' },
    byCode: 'taken',
  },
  {
    shape: 'a curve that is not taken',
    make: () => byOpenssl({ subject: '/CN=k1', key: 'secp256k1' }),
    queue: { code: 'key_unsupported' },
    byCode: { code: 'key_unsupported' },
    codeFor: { as: 'client/k1' },
  },
  {
    shape: 'a key that can be broken',
    make: () => byOpenssl({ subject: '/CN=weak', key: 'rsa1024' }),
    queue: { code: 'key_weak', says: /1024 bits/ },
    byCode: { code: 'key_weak', says: /1024 bits/ },
    codeFor: { as: 'client/weak' },
  },
  {
    shape: 'a signature that is none',
    make: async () => {
      const der = await byOpenssl({ subject: '/CN=forged' });
      der.writeUInt8(der.readUInt8(der.length - 3) ^ 1, der.length - 3);
      return der;
    },
    queue: { code: 'request_signature_invalid' },
    byCode: { code: 'request_signature_invalid' },
    codeFor: { as: 'client/forged' },
  },
  {
    shape: 'three hundred names',
    make: () =>
      byHand({
        subject: [cnOf('farm')],
        extensions: [san(...Array.from({ length: 300 }, (_, at) => dnsName(`n${at}.farm.example`)))],
      }),
    queue: server('farm', Array.from({ length: 300 }, (_, at) => `n${at}.farm.example`).join(' ')),
    byCode: 'taken',
  },
  {
    shape: 'six hundred names',
    make: () =>
      byHand({
        subject: [cnOf('farm2')],
        extensions: [san(...Array.from({ length: 600 }, (_, at) => dnsName(`n${at}.farm.example`)))],
      }),
    queue: { code: 'request_not_allowed', says: /600 names: at most 512/ },
    byCode: { code: 'request_not_allowed', says: /600 names: at most 512/ },
    codeFor: { as: 'server/farm2' },
  },
  {
    shape: 'blocks of addresses as common names, which stand for more than fit',
    make: () => byHand({ subject: [1, 2, 3].map((at) => cnOf(`10.0.${at}.*`)) }),
    queue: { code: 'name_invalid', says: /768 names: at most 512/ },
    byCode: notAuthorised(/CN=10\.0\.1\.\*/),
    codeFor: { as: 'server/blocks' },
  },
  {
    shape: 'more common names than anybody has',
    make: () => byHand({ subject: Array.from({ length: 17 }, (_, at) => cnOf(`10.0.${at}.*`)) }),
    queue: { code: 'request_not_allowed', says: /17 common names: at most 16/ },
    byCode: { code: 'request_not_allowed', says: /17 common names: at most 16/ },
    codeFor: { as: 'server/blocks2' },
  },
  {
    shape: 'a thousand extensions',
    make: () =>
      byHand({
        subject: [cnOf('big')],
        extensions: Array.from({ length: 1000 }, (_, at) => [`1.2.${at}`, Buffer.of(5, 0)] as const),
      }),
    queue: { code: 'request_not_allowed', says: /1000 extensions: at most 128/ },
    byCode: { code: 'request_not_allowed', says: /1000 extensions: at most 128/ },
    codeFor: { as: 'client/big' },
  },
  {
    shape: 'keytool, a host as common name',
    make: () => byKeytool('CN=java1.example.com, O=Example'),
    queue: server('java1.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'keytool with names and purposes',
    make: () =>
      byKeytool(
        'CN=java2',
        '-ext',
        'SAN=dns:java2.example.com,ip:192.0.2.20',
        '-ext',
        'EKU=serverAuth,clientAuth',
        '-ext',
        'KU=digitalSignature',
      ),
    queue: server('java2', 'java2.example.com 192.0.2.20'),
    byCode: 'taken',
  },
  {
    shape: 'certtool for a client',
    make: () => byCerttool('cn = "gnutls"', 'tls_www_client', 'signing_key'),
    queue: { as: 'client/gnutls' },
    byCode: 'taken',
  },
  {
    shape: 'PEM as certreq writes it, in UTF-16',
    make: async () => {
      const text = pemOf(await byOpenssl({ subject: '/CN=wide' }), 'NEW CERTIFICATE REQUEST', '\r\n');
      return Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]);
    },
    queue: { as: 'client/wide' },
    byCode: 'taken',
  },
  {
    shape: 'PEM on one line',
    make: async () =>
      pemOf(await byOpenssl({ subject: '/CN=flat' }), 'CERTIFICATE REQUEST', '\n').replaceAll('\n', ' '),
    queue: { as: 'client/flat' },
    byCode: 'taken',
  },
  {
    shape: 'an extension request without extensions',
    make: () => byHand({ subject: [cnOf('empty')], attributes: [[extensionRequest, tlv(0x30)]] }),
    queue: { as: 'client/empty' },
    byCode: 'taken',
  },
  {
    shape: 'an extension request without anything',
    make: () => byHand({ subject: [cnOf('nothing')], attributes: [[extensionRequest, Buffer.of()]] }),
    queue: { as: 'client/nothing' },
    byCode: 'taken',
  },
  {
    shape: 'NULL beside the algorithm of an ECDSA signature',
    make: () =>
      byHand({ subject: [cnOf('null')], algorithm: tlv(0x30, oid('1.2.840.10045.4.3.2'), tlv(0x05)) }),
    queue: { as: 'client/null' },
    byCode: 'taken',
  },
  {
    shape: 'bare base64 in lines',
    make: async () =>
      (await byOpenssl({ subject: '/CN=bare' })).toString('base64').replace(/.{76}/g, '$&\r\n'),
    queue: { as: 'client/bare' },
    byCode: 'taken',
  },
  {
    shape: 'SaltStack, by pyOpenSSL: the version of a certificate',
    make: () => byHand({ subject: [cnOf('salt.example.com')], version: 2 }),
    queue: server('salt.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'a version that nothing has',
    make: () => byHand({ subject: [cnOf('late')], version: 9 }),
    queue: { code: 'request_malformed', says: /version is 10, expected 1/ },
    byCode: { code: 'request_malformed' },
    codeFor: { as: 'client/late' },
  },
  {
    shape: 'devices: umlauts in Latin-1 as UTF8String, in UTF-8 as PrintableString',
    make: () =>
      byHand({
        subject: [
          ['2.5.4.10', 0x0c, Buffer.from('Müller', 'latin1')],
          ['2.5.4.11', 0x13, 'Werk Süd'],
          cnOf('umlaut.example.com'),
        ],
      }),
    queue: { ...server('umlaut.example.com'), subject: 'CN=umlaut.example.com,OU=Werk Süd,O=Müller' },
    byCode: 'taken',
  },
  {
    shape: 'Cisco IOS: no common name, several attributes on one level, in no order',
    make: () =>
      byHand({
        levels: [
          [
            ['1.2.840.113549.1.9.2', 0x16, 'router2.example.com'],
            ['2.5.4.5', 0x13, 'FTX1'],
          ],
        ],
      }),
    queue: {
      as: 'client/router2.example.com',
      passedOver: ['the subject unstructuredName=router2.example.com'],
    },
    byCode: 'taken',
  },
  {
    shape: 'two attributes on one level, which a certificate has in the order of DER',
    make: () => byHand({ levels: [[cnOf('level.example.com'), ['2.5.4.11', 0x13, 'X']]] }),
    queue: { ...server('level.example.com'), subject: 'OU=X+CN=level.example.com' },
    byCode: 'taken',
  },
  {
    shape: 'a level without anything, an empty common name, and host names',
    make: () =>
      byHand({ levels: [[], [cnOf('')], [cnOf(' ')]], extensions: [san(dnsName('blank.example.com'))] }),
    queue: { ...server('blank.example.com'), subject: 'CN=blank.example.com' },
    byCode: 'taken',
  },
  {
    shape: 'a common name with blanks and a line end around it',
    make: () => byHand({ subject: [cnOf(' padded.example.com\r\n')] }),
    queue: { ...server('padded.example.com'), subject: 'CN=padded.example.com' },
    byCode: 'taken',
  },
  {
    shape: 'names that no certificate can have, beside one that it can',
    make: () =>
      byHand({
        subject: [cnOf('good.example.com')],
        extensions: [
          san(
            dnsName('good.example.com'),
            dnsName('good.example.com:8443'),
            dnsName('https://good.example.com/'),
            dnsName('w*.example.com'),
            dnsName('a.example,b.example'),
            tlv(0x87, Buffer.from('10.0.0.1')),
          ),
        ],
      }),
    queue: {
      ...server('good.example.com'),
      leftOut: [
        'dns:good.example.com:8443',
        'dns:https://good.example.com/',
        'dns:w*.example.com',
        'dns:a.example,b.example',
        'an address that is none',
      ],
    },
    byCode: notAuthorised(/good\.example\.com:8443/),
  },
  {
    shape: 'nothing but a name that no certificate can have',
    make: () => byHand({ extensions: [san(dnsName('only.example.com:8443'))] }),
    queue: { code: 'name_invalid', says: /only\.example\.com:8443.*without a port/ },
    byCode: notAuthorised(/only\.example\.com:8443/),
    codeFor: { as: 'server/only', names: 'only.example.com' },
  },
  {
    shape: 'a host name in its own letters among the names',
    make: () => byHand({ subject: [cnOf('idn')], extensions: [san(dnsName('münchen.example'))] }),
    queue: { as: 'server/idn', names: 'xn--mnchen-3ya.example' },
    byCode: 'taken',
  },
  {
    shape: 'a character that nobody sees among the names',
    make: () => byHand({ subject: [cnOf('unseen')], extensions: [san(dnsName('www.ex\u200bample.com'))] }),
    queue: { code: 'name_invalid', says: /U\+200B/ },
    byCode: { code: 'name_invalid', says: /U\+200B/ },
    codeFor: { as: 'client/unseen' },
  },
  {
    shape: 'extensions under the attribute of Microsoft and that of PKCS#9, one of them in both',
    make: () =>
      byHand({
        subject: [cnOf('both.example.com')],
        attributes: [
          ['1.3.6.1.4.1.311.2.1.14', tlv(0x30, tlv(0x30, oid('2.5.29.37'), tlv(0x04, serverAuth[1])))],
        ],
        extensions: [serverAuth, san(dnsName('both.example.com'), dnsName('both2.example.com'))],
      }),
    queue: server('both.example.com', 'both.example.com both2.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'extensions that are passed over, and not what they should be inside',
    make: () =>
      byHand({
        subject: [cnOf('inside.example.com')],
        extensions: [
          ['2.5.29.14', Buffer.alloc(20, 3)],
          ['2.5.29.37', tlv(0x30)],
          ['2.5.29.17', tlv(0x30)],
        ],
      }),
    queue: server('inside.example.com'),
    byCode: 'taken',
  },
  {
    shape: 'certreq with an alternate signature algorithm: ECDSA that names its hash beside it',
    make: () =>
      byHand({
        subject: [cnOf('specified')],
        algorithm: tlv(0x30, oid('1.2.840.10045.4.3'), tlv(0x30, oid('2.16.840.1.101.3.4.2.1'))),
      }),
    queue: { as: 'client/specified' },
    byCode: 'taken',
  },
  {
    shape: 'a signature that is not taken, by its name',
    make: () => byOpenssl({ subject: '/CN=short', key: 'rsa2048', options: ['-sha224'] }),
    queue: { code: 'signature_unsupported', says: /the request is signed with sha224WithRSAEncryption/ },
    byCode: { code: 'signature_unsupported', says: /the request is signed with sha224WithRSAEncryption/ },
    codeFor: { as: 'client/short' },
  },
  {
    shape: 'a telephone system: a purpose and a name that are called by their words',
    make: () =>
      byHand({
        subject: [cnOf('sip.example.com')],
        extensions: [
          ['2.5.29.37', tlv(0x30, oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.20'))],
          san(
            dnsName('sip.example.com'),
            tlv(0xa0, oid('1.3.6.1.4.1.311.25.1'), tlv(0xa0, tlv(0x04, Buffer.alloc(16)))),
          ),
        ],
      }),
    queue: {
      ...server('sip.example.com'),
      leftOut: ['ntdsReplication', 'the extended key usage sipDomain'],
    },
    byCode: notAuthorised(/sipDomain/),
  },
  {
    shape: 'PEM in UTF-16 without its mark',
    make: () => Buffer.from(pemOf(byHand({ subject: [cnOf('wide16')] })), 'utf16le'),
    queue: { as: 'client/wide16' },
    byCode: 'taken',
  },
  {
    shape: 'DER with a line end behind it',
    make: () => Buffer.concat([byHand({ subject: [cnOf('tail')] }), Buffer.from('\n')]),
    queue: { as: 'client/tail' },
    byCode: 'taken',
  },
  {
    shape: 'a private key in the place of a request',
    make: () => pemOf(Buffer.from('302e020100300506032b6570', 'hex'), 'PRIVATE KEY'),
    queue: { code: 'request_malformed', says: /no CERTIFICATE REQUEST in it, but PRIVATE KEY/ },
    byCode: { code: 'request_malformed' },
    codeFor: { as: 'client/hello' },
  },
  {
    shape: 'no request at all',
    make: () => 'hello',
    queue: { code: 'request_malformed' },
    byCode: { code: 'request_malformed' },
    codeFor: { as: 'client/hello' },
  },
];

let queue: SampleHome;
let codes: SampleHome;

before(async () => {
  queue = await SampleHome.open();
  codes = await SampleHome.open();
  await queue.authority.policy.set('queue', 'on', 'admin/local');
});

after(async () => {
  await queue[Symbol.asyncDispose]();
  await codes[Symbol.asyncDispose]();
});

const inputOf = async ({ make }: Row): Promise<Buffer> => Buffer.from(await make());

for (const [at, row] of rows.entries()) {
  const { shape, said = {} } = row;
  test(`${shape}: ${'code' in row.queue ? 'refused' : 'waits'} without a code, ${row.byCode === 'taken' ? 'taken' : 'refused'} with one`, async () => {
    const from = `192.0.2.${at}`;
    await become(row.queue, async () => {
      const { id } = await queue.authority.requests.submit({ input: await inputOf(row), ...said, from });
      return id;
    });
    await checkCode(row);
  });
}

/** Hands a request in, and holds what is shown and then issued against what is expected. */
async function become(expected: Taken | Refused, submit: () => Promise<number>): Promise<void> {
  if ('code' in expected) return await refusedAs(expected, submit());
  const { requests } = queue.authority;
  const id = await submit();
  const shown = await requests.show(id);
  const { wouldIssue, obstacle, leftOut } = shown;
  assert.equal(obstacle, undefined);
  assert.ok(wouldIssue !== undefined);
  const names = wouldIssue.names.map(formatGeneralName);
  assert.equal(`${shown.role}/${shown.name}`, expected.as);
  assert.deepEqual(
    names.map((name) => name.replace(/^(?:dns|ip):/, '')),
    (expected.names ?? '').split(' ').filter((name) => name !== ''),
  );
  if (expected.subject !== undefined) assert.equal(formatName(wouldIssue.subject), expected.subject);
  const whats = (is: string): string[] => leftOut.filter((each) => each.class === is).map(({ what }) => what);
  assert.deepEqual(whats('widening'), expected.leftOut ?? []);
  if (expected.passedOver !== undefined)
    assert.deepEqual([...new Set(whats('harmless'))].sort(), [...expected.passedOver].sort());
  const listed = (await requests.list({ limit: 1 }))[0];
  assert.deepEqual([listed?.id, listed?.leftOut], [id, leftOut]);
  // What is shown is what is issued.
  const { certificate } = await requests.approve(id, { by: 'admin/ann' });
  assert.ok(certificate !== undefined);
  assert.equal(formatName(certificate.subject), formatName(wouldIssue.subject));
  const [uri, ...others] = certificate.extensions.subjectAltNames.map(formatGeneralName);
  assert.equal(uri, `uri:spiffe://backup.example/${expected.as}`);
  assert.deepEqual(others, names);
  assert.equal(new X509Certificate(certificate.der).verify(issuingKey(queue)), true);
}

function issuingKey(home: SampleHome): X509Certificate['publicKey'] {
  return new X509Certificate(home.authority.issuing.der).publicKey;
}

/** The same with a join code for it: the certificate says what the code does, and nothing else. */
async function checkCode(row: Row): Promise<void> {
  const of = row.codeFor ?? ('code' in row.queue ? assert.fail('no code is said') : row.queue);
  const [role = '', name = ''] = of.as.split('/');
  const names = (of.names ?? '').split(' ').filter((each) => each !== '');
  const wanted = { role: role as Role, name, names, addresses: ['localhost:8444'] };
  const { secret } = await codes.authority.createToken({ ...wanted });
  const input = await inputOf(row);
  const submit = () => codes.authority.requests.submit({ input, secret, from: '192.0.2.1' });
  if (row.byCode !== 'taken') return await refusedAs(row.byCode, submit());
  const { chain = [] } = await submit();
  assert.deepEqual((await submit()).chain, chain);
  const leaf = new X509Certificate(chain[0] as Buffer);
  assert.equal(leaf.subject, `CN=${name}`);
  const listed = await codes.authority.certificates.list({ limit: 1 });
  const found = listed[0]?.certificate.extensions.subjectAltNames.map(formatGeneralName) ?? [];
  assert.deepEqual(
    found.map((each) => each.replace(/^(?:dns|ip):/, '')),
    [`uri:spiffe://backup.example/${of.as}`, ...names],
  );
}

async function refusedAs({ code, says = / / }: Refused, attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(isHoldfastError(error), String(error));
    assert.deepEqual([error.code, says.test(error.message)], [code, true], error.message);
    return true;
  });
}

test('at least forty shapes are held', () => assert.ok(rows.length >= 40));
