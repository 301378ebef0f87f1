import type { Static, TSchema } from 'typebox';
import { Errors } from 'typebox/value';
import { HoldfastError } from '../base/index.ts';

const maxFindings = 5;

/**
 * The value when it satisfies `schema`, unchanged and without anything the schema does not name.
 *
 * @param what names the input in the message, e.g. `listener`
 * @throws HoldfastError `settings_invalid`, naming every field that is wrong (the first few)
 */
export function parseInput<T extends TSchema>(schema: T, input: unknown, what: string): Static<T> {
  const findings = Errors(schema, input);
  if (findings.length === 0) return input as Static<T>;
  const lines = new Set(findings.map(({ instancePath, message }) => `${fieldName(instancePath)} ${message}`));
  throw new HoldfastError('settings_invalid', `${what}: ${[...lines].slice(0, maxFindings).join('; ')}`);
}

function fieldName(instancePath: string): string {
  return instancePath === '' ? 'the value' : instancePath.slice(1).replaceAll('/', '.');
}
