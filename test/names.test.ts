import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const names = 'localhost,alpha,b.domain,*.office.domain,127.0.0.*,10.0.0.5,2001:db8::7,bücher.domain';

/** What openssl says of the server on `port`, whose name is to be verified as the options say. */
async function openssl(directory: string, port: number, options: readonly string[]): Promise<string> {
  const trust = ['-CAfile', join(directory, 'ca.pem'), '-verify_return_error'];
  const to = ['-connect', `127.0.0.1:${port}`, '-noservername'];
  const result = await runProgram('openssl', ['s_client', ...to, ...trust, ...options]).catch(String);
  return typeof result === 'string' ? result : result.stdout + result.stderr;
}

async function curl(directory: string, port: number, host: string): Promise<number | null> {
  const url = `https://${host}:${port}/-/status/root-1.cer`;
  const to = ['--connect-to', `::127.0.0.1:${port}`, '--cacert', join(directory, 'ca.pem')];
  return await runProgram('curl', [
    '--silent',
    '--fail',
    '--noproxy',
    '*',
    '--output',
    '/dev/null',
    ...to,
    url,
  ]).then(
    ({ code }) => code,
    (error: unknown) => Number(/exit code (\d+)/.exec(String(error))?.[1]),
  );
}

describe('a server with names of every form', () => {
  it('is taken by openssl and curl under each of them, and under no other', async () => {
    using directory = temporaryDirectory();
    const home = ['--home', join(directory.path, 'home')];
    const port = await freePorts();
    const init = ['init', '--network', 'network.test', '--names', names, '--port', String(port)];
    assert.equal((await runHoldfast([...init, ...home])).code, 0);
    assert.equal((await runHoldfast(['ca', 'export', join(directory.path, 'ca.pem'), ...home])).code, 0);
    await using server = startHoldfast(['serve', ...home]);
    // Names that lead nowhere but to oneself come last.
    await server.waitFor(/listening https:\/\/alpha:/);

    // Whoever has no certificate is answered while somebody is expected.
    assert.equal((await runHoldfast(['token', 'create', 'laptop', ...home])).code, 0);

    for (const host of ['alpha', 'b.domain', 'a.office.domain', 'xn--bcher-kva.domain']) {
      assert.match(
        await openssl(directory.path, port + 1, ['-verify_hostname', host]),
        /Verification: OK/,
        host,
      );
      assert.equal(await curl(directory.path, port + 1, host), 0, host);
    }
    for (const address of ['127.0.0.0', '127.0.0.1', '127.0.0.255', '10.0.0.5', '2001:db8::7']) {
      assert.match(
        await openssl(directory.path, port + 1, ['-verify_ip', address]),
        /Verification: OK/,
        address,
      );
      const host = address.includes(':') ? `[${address}]` : address;
      assert.equal(await curl(directory.path, port + 1, host), 0, address);
    }
    for (const host of ['beta', 'c.domain', 'office.domain', 'a.b.office.domain']) {
      assert.match(
        await openssl(directory.path, port + 1, ['-verify_hostname', host]),
        /hostname mismatch/i,
        host,
      );
      assert.equal(await curl(directory.path, port + 1, host), 60, host);
    }
    assert.match(
      await openssl(directory.path, port + 1, ['-verify_ip', '127.0.1.1']),
      /IP address mismatch/i,
    );
    assert.equal(await curl(directory.path, port + 1, '127.0.1.1'), 60);
  });

  for (const [name, why] of [
    ['*.*.domain', 'an asterisk'],
    ['192.168.*.*', 'no block of addresses'],
    ['a_b', 'an underscore'],
    ['fe80::1%eth0', 'a zone'],
  ] as const) {
    it(`is not made with ${name}`, async () => {
      using directory = temporaryDirectory();
      const home = join(directory.path, 'home');
      const result = await runHoldfast(['init', '--names', `alpha,${name}`, '--home', home]);
      assert.equal(result.code, 1);
      assert.ok(result.stderr.includes(JSON.stringify(name)) && result.stderr.includes(why), result.stderr);
      assert.match(result.stderr, /\[name_invalid\]/);
    });
  }
});
