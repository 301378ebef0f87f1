import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../test/rig/free-ports.ts';
import type { BuiltPackage } from './built-package.ts';
import { type Filling, fillHome } from './fill-home.ts';
import { run } from './measure.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** A home whose authority has issued much, to be served and asked. */
export interface FilledAuthority {
  readonly directory: string;
  /** What `--home` says. */
  readonly home: string;
  readonly databasePath: string;
  /** Of the listeners: the one for nodes, then enrolment, then the plain one for status. */
  readonly port: number;
}

/** Makes a home in `directory` and fills it. */
export async function makeAuthority(
  built: BuiltPackage,
  directory: string,
  filling: Omit<Filling, 'home'>,
): Promise<FilledAuthority> {
  mkdirSync(directory, { recursive: true });
  const port = await freePorts();
  const names = ['--network', 'network.test', '--names', '127.0.0.1,localhost', '--port', String(port)];
  await run(built.command(directory, ['init', ...names]));
  const home = join(directory, 'holdfast');
  await fillHome({ home, ...filling });
  return { directory, home, port, databasePath: join(home, 'authority/authority.db') };
}

/** Serves it until the scope ends. */
export function serveAuthority(
  built: BuiltPackage,
  { directory, port }: FilledAuthority,
): Promise<ServerProcess> {
  return startServer(built.command(directory, ['serve', '--port', String(port)]), port + 2);
}
