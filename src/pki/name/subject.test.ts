import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  certificatePem,
  createCertificate,
  createName,
  createSubject,
  exportPublicKey,
  formatName,
  generateKeyPair,
  generateSerialNumber,
  type Name,
  parseCertificate,
  restateSubject,
  type SubjectAttributes,
} from '../index.ts';
import { Openssl } from '../openssl.fixture.ts';

/** The fourteen of `--oid`, each with the name openssl has for it, and what only LB1 and a person's name need. */
const everything = {
  C: 'DE',
  CN: 'Bücher 書籍',
  dnQualifier: 'A1+b/c=',
  GN: 'Jürgen',
  generationQualifier: 'Ⅲ',
  initials: 'J. Ö.',
  L: 'Zürich',
  name: 'Jürgen Ångström',
  O: 'Ünion, Söhne + Töchter',
  OU: 'Größe',
  pseudonym: 'Ωmega',
  postalCode: '80331-Ä',
  SN: 'Ångström',
  title: 'Dr. 博士',
} as const;
const further = {
  ST: 'Île-de-France',
  street: 'Straße 1',
  emailAddress: 'ann@example.com',
  serialNumber: '4711',
} as const;

const subjectOf = async (openssl: Openssl, subject: Name) => {
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const notBefore = new Date();
  const notAfter = new Date(notBefore.getTime() + 60_000);
  const names = { subject, issuer: createName({ CN: 'issuing' }), serial: generateSerialNumber(Date.now()) };
  const template = { ...names, notBefore, notAfter, spki: exportPublicKey(publicKey), extensions: {} };
  const der = createCertificate(template, privateKey);
  assert.deepEqual(parseCertificate(der).subject, subject);
  await openssl.write('leaf.pem', certificatePem(der));
  const options = '-nameopt=utf8,sep_multiline,sname,space_eq,dn_rev'.split('=');
  const text = await openssl.run('x509', '-noout', '-subject', ...options, '-in', 'leaf.pem');
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '');
};

test('openssl shows all fourteen attributes at once, as they were given', async () => {
  await using openssl = await Openssl.open();
  const shown = await subjectOf(openssl, createSubject(everything));
  const expected = Object.entries(everything).map(([type, value]) => `${type} = ${value}`);
  assert.deepEqual(shown.toSorted(), expected.toSorted());
});

for (const [type, value] of Object.entries({ ...everything, ...further })) {
  test(`openssl shows ${type} alone`, async () => {
    await using openssl = await Openssl.open();
    assert.deepEqual(await subjectOf(openssl, createSubject({ [type]: value })), [`${type} = ${value}`]);
  });
}

test('openssl finds the string types that RFC 5280 asks for', async () => {
  await using openssl = await Openssl.open();
  const subject = createSubject({ ...everything, ...further, DC: ['example', 'office'] });
  await subjectOf(openssl, subject);
  const parsed = await openssl.run('asn1parse', '-in', 'leaf.pem');
  const types = [...parsed.matchAll(/OBJECT\s+:(\S+)\n.*?prim: (\w+STRING)/g)].map(
    ([, type, string]) => `${type} ${string}`,
  );
  const others = types.filter((each) => each.startsWith('domain') || !each.endsWith('UTF8STRING'));
  const strings = ['countryName', 'dnQualifier', 'serialNumber'].map((type) => `${type} PRINTABLESTRING`);
  const texts = ['domainComponent', 'domainComponent', 'emailAddress'].map((type) => `${type} IA5STRING`);
  assert.deepEqual(
    others.filter((each) => !each.startsWith('X509v3')).toSorted(),
    [...strings, ...texts].toSorted(),
  );
});

test('attributes come in the customary order, several of a kind in the order they were given', () => {
  const subject = createSubject({ CN: 'alpha', OU: ['a', 'b'], C: 'de', DC: ['example', 'office'], O: 'x' });
  assert.equal(formatName(subject), 'CN=alpha,OU=b,OU=a,O=x,C=DE,DC=office,DC=example');
});

const bounds = {
  CN: 64,
  O: 64,
  OU: 64,
  title: 64,
  serialNumber: 64,
  L: 128,
  ST: 128,
  pseudonym: 128,
  street: 128,
  postalCode: 16,
  name: 32_768,
  SN: 32_768,
  GN: 32_768,
  initials: 32_768,
  generationQualifier: 32_768,
} as const;

for (const [type, maxLength] of Object.entries(bounds)) {
  test(`${type} has ${maxLength} characters at most`, () => {
    createSubject({ [type]: 'a'.repeat(maxLength) });
    const named = new RegExp(`\\(${type}\\) has ${maxLength + 1} characters: expected ${maxLength} at most`);
    assert.throws(() => createSubject({ [type]: 'a'.repeat(maxLength + 1) }), {
      code: 'name_invalid',
      message: named,
    });
  });
}

test('characters are counted, not bytes nor halves of characters', () => {
  createSubject({ CN: '𝄞'.repeat(64) });
  assert.throws(() => createSubject({ CN: '𝄞'.repeat(65) }), { message: /has 65 characters/ });
});

const refused: readonly (readonly [SubjectAttributes, RegExp])[] = [
  [{ C: 'DEU' }, /country \(C\) has 3 characters: expected 2 at most/],
  [{ C: 'D' }, /country \(C\) is "D": expected the two letters/],
  [{ C: 'D1' }, /country \(C\) is "D1"/],
  [{ C: 'ÄÖ' }, /country \(C\) is "ÄÖ"/],
  [{ C: 'ß' }, /country/],
  [{ CN: '' }, /common name \(CN\) is empty/],
  [{ CN: ' \t' }, /common name \(CN\) is empty/],
  [{ CN: 'a\0b' }, /common name \(CN\) has a character that is not seen, U\+0000/],
  [{ O: 'a\nb' }, /organisation \(O\) has a character that is not seen, /],
  [{ O: 'a\u202eb' }, /organisation \(O\) has a character that is not seen, /],
  [{ O: '\ud800' }, /organisation \(O\) has a character that is not seen, /],
  [{ CN: 'al\u200bpha' }, /not seen, U\+200B: expected/],
  [{ O: 'al\u200cpha' }, /not seen, U\+200C/],
  [{ O: 'al\u200dpha' }, /not seen, U\+200D/],
  [{ O: '\ufeffalpha' }, /not seen, U\+FEFF/],
  [{ OU: 'al\u2060pha' }, /not seen, U\+2060/],
  [{ L: 'alpha\u{e0041}' }, /not seen, U\+E0041/],
  [{ L: 'al\u00adpha' }, /not seen, U\+00AD/],
  [{ dnQualifier: 'ü' }, /\(dnQualifier\) is "ü": expected letters/],
  [{ serialNumber: 'a_b' }, /\(serialNumber\) is "a_b"/],
  [{ emailAddress: 'ann' }, /mail address \(emailAddress\) is "ann"/],
  [{ emailAddress: 'ann@bücher.example' }, /mail address/],
  [{ emailAddress: 'ann@b@c.example' }, /mail address/],
  [{ DC: 'a.b' }, /domain component \(DC\) is "a.b"/],
  [{ DC: 'ü' }, /domain component/],
];

for (const [attributes, message] of refused) {
  test(`${JSON.stringify(attributes)} is refused by its field`, () =>
    assert.throws(() => createSubject(attributes), { code: 'name_invalid', message }));
}

test('a name that was asked for is said again in the right string types', () => {
  const asked: Name = [
    [{ oid: '2.5.4.6', value: 'de', encoding: 'utf8' }],
    [{ oid: '2.5.4.10', value: 'Zürich ', encoding: 't61' }],
    [{ oid: '2.5.4.3', value: 'alpha', encoding: 'bmp' }],
  ];
  assert.deepEqual(restateSubject(asked), [
    [{ oid: '2.5.4.6', value: 'DE', encoding: 'printable' }],
    [{ oid: '2.5.4.10', value: 'Zürich', encoding: 'utf8' }],
    [{ oid: '2.5.4.3', value: 'alpha', encoding: 'utf8' }],
  ]);
});

test('an attribute that is not known, or is no text, is refused when a name is said again', () => {
  const unknown: Name = [[{ oid: '1.2.3', value: 'x', encoding: 'utf8' }]];
  assert.throws(() => restateSubject(unknown), { code: 'name_invalid', message: /the attribute 1\.2\.3/ });
  const binary: Name = [[{ oid: '2.5.4.3', value: '#0500', encoding: 'der' }]];
  assert.throws(() => restateSubject(binary), { code: 'name_invalid', message: /a CN that is no text/ });
});
