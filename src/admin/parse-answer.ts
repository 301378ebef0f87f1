import { Value } from 'typebox/value';
import { HoldfastError } from '../base/index.ts';
import { firstProblem } from './first-problem.ts';
import { type OperationAnswer, type OperationName, operations } from './operations.ts';

/**
 * What a server answered, when it is as the operation says; fields that a newer one adds are let through.
 * @throws HoldfastError `answer_malformed`, naming the first field that is missing or wrong
 */
export function parseAnswer<Name extends OperationName>(
  name: Name,
  input: unknown,
  where: string,
): OperationAnswer<Name> {
  const { answer } = operations[name];
  if (Value.Check(answer, input)) return input as OperationAnswer<Name>;
  const problem = firstProblem(answer, input, 'the whole');
  throw new HoldfastError('answer_malformed', `${where}: of what it answers to ${name}, ${problem}`, {
    hint: 'it may be of another version than this program: compare holdfast --version on both sides',
  });
}
