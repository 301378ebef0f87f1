import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCiphers } from 'node:tls';
import { HoldfastError } from '../base/index.ts';
import { defaultListeners, type ListenerPolicy } from '../policy/index.ts';
import { checkTlsChoice } from './check-tls-choice.ts';

const [main] = defaultListeners(8443) as [ListenerPolicy];
const older: ListenerPolicy = { ...main, minimumVersion: 'TLSv1.2' };

test('the OpenSSL that comes along keeps both levels', () => {
  checkTlsChoice(main);
  checkTlsChoice(older);
});

test('a level that OpenSSL cannot keep is refused by name, with what is missing', () => {
  const refused = (policy: ListenerPolicy, without: string, message: RegExp): void => {
    const abilities = {
      suites: getCiphers().filter((suite) => suite !== without),
      hasGroup: (group: string) => group !== without,
    };
    assert.throws(
      () => checkTlsChoice(policy, abilities),
      (error) =>
        error instanceof HoldfastError && error.code === 'settings_invalid' && message.test(error.message),
    );
  };
  refused(
    main,
    'tls_chacha20_poly1305_sha256',
    /main: level modern cannot be kept.*no TLS_CHACHA20_POLY1305/,
  );
  refused(older, 'ecdhe-rsa-chacha20-poly1305', /level intermediate cannot be kept.*no ECDHE-RSA-CHACHA20/);
  refused(main, 'X25519MLKEM768', /level modern cannot be kept.*no X25519MLKEM768/);
});
