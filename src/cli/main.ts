import { keepCompiledCode } from './program/compile-cache.ts';

keepCompiledCode(process.env);
const { calledWords, rawWords } = await import('./program/called-words.ts');
const { run } = await import('./run.ts');
const code = await run(calledWords(rawWords(process.argv.slice(2)), process.env), process.env);
// Output that is lost while it is flushed sets it too, later.
process.exitCode ||= code;
