import { type EscrowFingerprint, parseEscrowFingerprint } from './escrow-fingerprint.ts';

/** What a recovery kit says of one sealed password. */
export interface KitEscrow {
  /** Whose it is: `client/laptop`. */
  readonly node: string;
  readonly fingerprint: EscrowFingerprint;
}

/** The line that says it on a kit; a comment for every program that speaks age. */
export function kitEscrowLine({ node, fingerprint }: KitEscrow): string {
  return `# Escrow ${node} ${fingerprint}`;
}

/** All that the text of a kit says, also in lines that a person wrote. A line that makes no sense says nothing. */
export function kitEscrows(text: string): KitEscrow[] {
  return text.split('\n').flatMap((line) => {
    const [, node = '', typed = ''] = /^# *Escrow +([a-z]+\/\S+) +(\S.*)/i.exec(line) ?? [];
    const fingerprint = parseEscrowFingerprint(typed);
    return fingerprint === undefined ? [] : [{ node: node.toLowerCase(), fingerprint }];
  });
}
