import { execFileSync } from 'node:child_process';

/** What becomes of what is sent to ports of the host. */
const rules = `table inet holdfast {
  chain input {
    type filter hook input priority 0;
    tcp dport 1001 reject with tcp reset
    tcp dport 1002 reject with icmp type port-unreachable
    tcp dport 1003 reject with icmp type admin-prohibited
    tcp dport 1004 drop
    tcp dport 1005 meta length > 1000 drop
  }
  chain output {
    type filter hook output priority 0;
    tcp sport 1006 meta length > 1000 drop
  }
}
`;

/** A host in a network namespace of its own with a firewall (nftables) before it; needs root. Ended with its scope. */
export class FirewalledHost implements Disposable {
  /** Of its namespace. */
  readonly name = `hf${process.pid}`;
  readonly #net = `10.219.${process.pid % 250}`;
  /** Its address. */
  readonly address = `${this.#net}.2`;
  /** One of its network that nobody has. */
  readonly nobody = `${this.#net}.77`;

  constructor() {
    const [name, net] = [this.name, this.#net];
    run('ip', 'netns', 'add', name);
    try {
      run('ip', 'link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`, 'netns', name);
      run('ip', 'address', 'add', `${net}.1/24`, 'dev', `${name}a`);
      run('ip', 'link', 'set', `${name}a`, 'up');
      run('ip', '-n', name, 'address', 'add', `${net}.2/24`, 'dev', `${name}b`);
      run('ip', '-n', name, 'link', 'set', `${name}b`, 'up');
      run('ip', 'netns', 'exec', name, 'nft', rules);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The other end of its line goes with it. */
  [Symbol.dispose](): void {
    run('ip', 'netns', 'delete', this.name);
  }
}

function run(program: string, ...words: readonly string[]): void {
  execFileSync(program, words, {
    stdio: 'pipe',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
}
