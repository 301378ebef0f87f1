import { about } from '../../src/cli/home/settings.ts';

/** `docs/reference/settings.md`: every key of `holdfast.toml`. */
export function settingsReference(): string {
  const rows = Object.entries(about).map(([key, meaning]) => `| \`${snakeCase(key)}\` | ${meaning} |`);
  return `# Settings

\`holdfast.toml\` in the home of a server says what belongs to this machine. It is read at start, and again at SIGHUP, and checked: an
unknown key or a wrong type is an error that names it. Made by \`npm run reference\`, and a test compares it.

| key | meaning |
|---|---|
${rows.join('\n')}

${listeners}`;
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const listeners = `## Listeners

Without \`listeners\` a server has three: TLS with client certificates on \`port\` (storage, control), TLS without them on the
next (enrol, console, status), plain HTTP on the one after (status). To choose others, list all of them:

\`\`\`toml
[[listeners]]
name = "main"
address = { host = "192.0.2.7", port = 443 }   # host is left out for all addresses
kind = "tls"                                   # tls or plain; a plain one carries status only
client_certificate = "require"                 # require, warn or off
minimum_version = "TLSv1.3"                    # TLSv1.3 or TLSv1.2
groups = ["X25519MLKEM768", "X25519"]          # key exchange, best first
services = ["storage", "control"]              # storage, control, enrol, status, console
\`\`\`

Whatever is weaker than the default is logged at start and shown by \`holdfast status\`.
`;
