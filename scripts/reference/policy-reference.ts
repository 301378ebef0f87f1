import { describePolicyKeys, type PolicyKeyAbout } from '../../src/policy/policy-keys.ts';

/** `docs/reference/policy.md`: every key of the policy. */
export function policyReference(): string {
  const keys = describePolicyKeys();
  const general = keys.filter(({ key }) => !key.startsWith(profiles) && !key.startsWith(listeners));
  const ofListeners = keys.filter(({ key }) => key.startsWith(listeners));
  const ofProfiles = Map.groupBy(
    keys.filter(({ key }) => key.startsWith(profiles)),
    ({ key }) => key.split('.').at(-1) ?? '',
  );
  return `# Policy

What belongs to the network and not to one machine is in the policy, which \`holdfast policy show\` shows and \`holdfast policy set KEY VALUE\`
changes, from the next decision on; \`policy export\` and \`policy import\` take it out and in as a file. Times are typed as a number and
\`s\`, \`m\`, \`h\`, \`d\` or \`w\` (\`30d\`, \`12h\`); in a file they are milliseconds, as the ending \`Ms\` says. Lists are typed with commas. What is
weaker than the default is shown as that. Made by \`npm run reference\`, and a test compares it.

## The network

| key | takes | default | meaning |
|---|---|---|---|
${general.map(generalRow).join('\n')}

${examples(general)}
## The certificates of a role

Each of these stands below \`profiles.server\`, \`profiles.storage\`, \`profiles.client\` and \`profiles.admin\`.

| key | takes | default | meaning |
|---|---|---|---|
${[...ofProfiles].map(([field, each]) => profileRow(field, each)).join('\n')}

${examples([...ofProfiles.values()].flatMap(([first]) => first ?? []))}
## The listeners

Each of these stands below \`listeners.NAME\`, for the listener of that name (\`main\`, \`open\`, or as \`holdfast.toml\` has it) on every
server. While nothing is decided, which \`default\` says again, it is as that file says. It counts from the next connection on; what is
under way goes on to its end, and no port is closed meanwhile.

| key | takes | default | meaning |
|---|---|---|---|
${ofListeners.map((each) => generalRow({ ...each, key: each.key.replace('listeners.main.', '') })).join('\n')}

${examples(ofListeners)}`;
}

const profiles = 'profiles.';
const listeners = 'listeners.';

function generalRow({ key, takes, byDefault, meaning }: PolicyKeyAbout): string {
  return `| \`${key}\` | ${takes} | \`${byDefault}\` | ${meaning} |`;
}

/** One row for all roles: where their defaults differ, each default with its roles. */
function profileRow(field: string, keys: readonly PolicyKeyAbout[]): string {
  const [{ takes, meaning } = { takes: '', meaning: '' }] = keys;
  const roles = Map.groupBy(keys, ({ byDefault }) => byDefault);
  const defaults = [...roles].map(([text, each]) =>
    roles.size === 1 ? `\`${text}\`` : `\`${text}\` (${each.map(roleOf).join(', ')})`,
  );
  return `| \`${field}\` | ${takes} | ${defaults.join('; ')} | ${meaning} |`;
}

function roleOf({ key }: PolicyKeyAbout): string {
  return key.split('.')[1] ?? '';
}

function examples(keys: readonly PolicyKeyAbout[]): string {
  const lines = keys.map(({ key, example }) => `holdfast policy set ${key} ${example}`);
  return `\`\`\`\n${lines.join('\n')}\n\`\`\`\n`;
}
