import type { Identity, Role } from '../../pki/index.ts';

/** `client/alpha`: an identity within its network, as the log and people say it. */
export function identityLabel({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `${role}/${name}`;
}

/** What {@link identityLabel} made, taken apart. */
export function identityOf(label: string): { readonly role: Role; readonly name: string } {
  const slash = label.indexOf('/');
  return { role: label.slice(0, slash) as Role, name: label.slice(slash + 1) };
}

/** The command that makes the code by which an identity comes back. */
export function reissueCommand({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `holdfast token create --reissue ${name}${role === 'client' ? '' : ` --role ${role}`}`;
}
