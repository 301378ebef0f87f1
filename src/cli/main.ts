import { enableCompileCache } from 'node:module';

enableCompileCache();
const { wordsAsCalled } = await import('./words-as-called.ts');
const { run } = await import('./run.ts');
const code = await run(wordsAsCalled(process.argv.slice(2), process.env), process.env);
// Output that is lost while it is flushed sets it too, later.
process.exitCode ||= code;
