import { HoldfastError, Secret } from '../base/index.ts';
import type { Keystore } from '../trust/index.ts';

/** Label in the keystore of the token for the servers of the network; of another server with its address behind it. */
const label = 'bearer token';

/** The bearer token that this machine shows to the servers of its network, or to one outside it, `https://HOST:PORT`. */
export function heldToken(keystore: Keystore, server?: string): Secret<string> | undefined {
  const name = labelOf(server);
  if (!keystore.has(name)) return undefined;
  return new Secret(Buffer.from(keystore.secret(name).reveal()).toString());
}

/** For whom this machine holds tokens: `network`, and addresses of servers outside it. */
export function heldTokens(keystore: Keystore): string[] {
  return keystore
    .labels()
    .filter((each) => each === label || each.startsWith(`${label} `))
    .map((each) => each.slice(label.length + 1) || 'network');
}

/** Forgets a token, and writes over what held it. @throws HoldfastError `object_not_found` for none */
export async function forgetToken(keystore: Keystore, server?: string): Promise<void> {
  if (heldToken(keystore, server) === undefined)
    throw new HoldfastError(
      'object_not_found',
      `this machine holds no bearer token for ${server ?? 'its network'}`,
      {
        hint: 'holdfast client show names those that it holds',
      },
    );
  await keystore.destroy(labelOf(server));
}

/** Keeps a token; the one of before for the same servers goes. */
export async function keepToken(keystore: Keystore, token: Secret<string>, server?: string): Promise<void> {
  await keystore.update((entries) => {
    entries.putSecret(labelOf(server), new Secret(Buffer.from(token.reveal())));
  });
}

function labelOf(server: string | undefined): string {
  return server === undefined ? label : `${label} ${server}`;
}
