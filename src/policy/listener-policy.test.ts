import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import { defaultListeners, type ListenerPolicy, parseListeners } from './listener-policy.ts';
import { weakerThanDefault } from './policy-keys.ts';

const main = (change: Partial<ListenerPolicy> = {}): ListenerPolicy => ({
  ...(defaultListeners(8443)[0] as ListenerPolicy),
  ...change,
});

const settingsInvalid = (pattern: RegExp) => (error: unknown) =>
  isHoldfastError(error, 'settings_invalid') && pattern.test(error.message);

test('the default listeners require a certificate for storage and control, and are on three ports in a row', () => {
  const listeners = defaultListeners(8443);
  assert.deepEqual(
    listeners.map(({ address, kind, clientCertificate, services }) => [
      address.port,
      kind,
      clientCertificate,
      services.join(' '),
    ]),
    [
      [8443, 'tls', 'require', 'storage control'],
      [8444, 'tls', 'off', 'enrol console status'],
      [8445, 'plain', 'off', 'status'],
    ],
  );
  assert.deepEqual(parseListeners(listeners), listeners);
  assert.deepEqual(listeners.flatMap(weakerThanDefault), []);
});

test('port 0 gives every default listener a free port of its own', () => {
  const listeners = defaultListeners(0);
  assert.deepEqual(
    listeners.map(({ address }) => address.port),
    [0, 0, 0],
  );
  assert.deepEqual(parseListeners(listeners), listeners);
});

for (const port of [-1, 65_534, 1.5, Number.NaN]) {
  test(`port ${port} is refused, because the default needs three`, () => {
    assert.throws(() => defaultListeners(port), settingsInvalid(/65533/));
  });
}

for (const service of ['storage', 'control', 'enrol', 'console'] as const) {
  test(`a plain listener that would carry ${service} is refused by name`, () => {
    const plain = main({ kind: 'plain', clientCertificate: 'off', services: ['status', service] });
    assert.throws(
      () => parseListeners([plain]),
      settingsInvalid(new RegExp(`status only, found ${service}`)),
    );
  });
}

test('a plain listener cannot ask for a certificate', () => {
  const plain = main({ kind: 'plain', clientCertificate: 'warn', services: ['status'] });
  assert.throws(() => parseListeners([plain]), settingsInvalid(/cannot ask for a certificate/));
});

test('what is no listener is refused with the name of the field', () => {
  assert.throws(
    () => parseListeners([{ ...main(), minimumVersion: 'TLSv1' }]),
    settingsInvalid(/0\.minimumVersion/),
  );
  assert.throws(() => parseListeners([{ ...main(), surprise: 1 }]), settingsInvalid(/surprise/));
  assert.throws(() => parseListeners([{ ...main(), groups: ['sect571r1'] }]), settingsInvalid(/groups/));
  assert.throws(() => parseListeners([]), settingsInvalid(/listeners/));
  assert.throws(() => parseListeners(null), settingsInvalid(/listeners/));
});

test('two listeners of one name or on one address are refused', () => {
  const other = { ...main(), address: { port: 1 } };
  assert.throws(() => parseListeners([main(), other]), settingsInvalid(/the name main/));
  assert.throws(
    () => parseListeners([main(), { ...main(), name: 'b' }]),
    settingsInvalid(/the address \*:8443/),
  );
});

test('each way in which a listener is weaker than the default is said in a sentence', () => {
  assert.match(weakerThanDefault(main({ clientCertificate: 'warn' })).join(), /storage and control without/);
  assert.match(weakerThanDefault(main({ minimumVersion: 'TLSv1.2' })).join(), /accepts TLSv1\.2/);
  assert.match(weakerThanDefault(main({ groups: ['X25519', 'X25519MLKEM768'] })).join(), /X25519$/);
  assert.equal(weakerThanDefault(main({ groups: ['SecP256r1MLKEM768'] })).length, 0);
});
