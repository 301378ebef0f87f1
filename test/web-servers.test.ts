import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './rig/free-ports.ts';
import { RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { takesConnections } from './rig/takes-connections.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a web server with files that were exported here', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let nginx: RunningProgram | undefined;
  let apache: RunningProgram | undefined;
  let port: number;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    await network.run(['ca', 'export', at('root.pem')]);
    await exportRequested();
    await network.run(['sm_ssl_cert', 'server', '--common-name=localhost', '--path', at('made')]);
    port = await freePorts();
    for (const name of ['nginx', 'apache', 'www']) mkdirSync(at(name));
    writeFileSync(at('www/index.html'), 'of apache\n');
    writeFileSync(at('nginx.conf'), nginxSettings(at, port));
    writeFileSync(at('apache.conf'), apacheSettings(at, port + 1));
    const words = ['-c', at('nginx.conf'), '-e', at('nginx/error.log')];
    nginx = new RunningProgram(words, { program: '/usr/sbin/nginx' });
    apache = new RunningProgram(['-X', '-f', at('apache.conf')], { program: '/usr/sbin/apache2' });
    for (const each of [port, port + 1]) while (!(await takesConnections(each))) await setTimeout(20);
  });
  after(async () => {
    // Their own processes end with them only where they are asked to.
    for (const each of [nginx, apache]) await each?.stop('SIGTERM');
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  /** A request made, approved and taken away as the guide has it: key and chain in two files. */
  const exportRequested = async (): Promise<void> => {
    const by = ['--server', `https://localhost:${network.port + 1}`, '--root', at('root.pem')];
    await network.run(['policy', 'set', 'queue', 'on']);
    await network.run(['request', 'create', '--cn', 'localhost', '--name', 'web', '--submit', ...by]);
    await network.run(['request', 'approve', '1']);
    await network.run(['request', 'collect', 'localhost']);
    await network.run(['request', 'export', 'localhost', at('web.key'), '--certificate', at('web.pem')]);
  };

  const asked = async (of: number): Promise<string> => {
    const words = ['-sS', '--fail', '--cacert', at('root.pem'), `https://localhost:${of}/`];
    return (await runProgram('curl', words)).stdout;
  };

  it('is believed by whoever has the root, with the key and the chain of a request: nginx', async () => {
    assert.equal(await asked(port), 'of nginx\n');
  });

  it('is believed with the files that were made for another machine: Apache', async () => {
    assert.equal(await asked(port + 1), 'of apache\n');
  });

  /** What a server staples, held by openssl against the root alone; nginx fetches it after the first who asks. */
  const stapled = async (of: number): Promise<string> => {
    const words = ['s_client', '-connect', `localhost:${of}`, '-servername', 'localhost', '-status'];
    const trust = ['-CAfile', at('root.pem'), '-verify_return_error'];
    for (;;) {
      const { stdout } = await runProgram('openssl', [...words, ...trust], { input: '' });
      if (!stdout.includes('OCSP response: no response sent')) return stdout;
      await setTimeout(100);
    }
  };

  for (const [name, offset] of [
    ['nginx', 0],
    ['Apache', 1],
  ] as const) {
    it(`staples an answer of ours that the root alone proves: ${name}`, { timeout: 60_000 }, async () => {
      const shown = await stapled(port + offset);
      assert.match(shown, /OCSP Response Status: successful/);
      assert.match(shown, /Cert Status: good/);
      assert.match(shown, /Verification: OK/);
    });
  }
});

function nginxSettings(at: (...names: string[]) => string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
pid ${at('nginx/pid')};
events {}
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path ${at('nginx', kind)};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${at('web.pem')};
    ssl_certificate_key ${at('web.key')};
    ssl_stapling on;
    ssl_stapling_verify on;
    ssl_trusted_certificate ${at('root.pem')};
    location / { return 200 "of nginx\\n"; }
  }
}
`;
}

function apacheSettings(at: (...names: string[]) => string, port: number): string {
  const modules = ['mpm_event', 'ssl', 'socache_shmcb', 'authz_core', 'dir'];
  return `ServerRoot /usr/lib/apache2
ServerName localhost
DefaultRuntimeDir ${at('apache')}
PidFile ${at('apache/pid')}
ErrorLog ${at('apache/error.log')}
Mutex file:${at('apache')} default
${modules.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join('\n')}
Listen 127.0.0.1:${port}
DocumentRoot ${at('www')}
SSLStaplingCache shmcb:${at('apache/stapling')}(128000)
<VirtualHost 127.0.0.1:${port}>
  SSLEngine on
  SSLCertificateFile ${at('made/server.pem')}
  SSLCertificateKeyFile ${at('made/server.key')}
  SSLUseStapling on
</VirtualHost>
`;
}
