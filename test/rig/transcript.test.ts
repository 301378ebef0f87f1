import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDirectory } from './temporary-directory.ts';
import { runTranscript } from './transcript.ts';

const rejections: readonly [string, string, RegExp][] = [
  ['another exit code', '$ exit 3\n? 2\n', /exit code 3/],
  ['an exit code other than 0 where none is said', '$ exit 1\n', /exit code 1/],
  ['another line of output', '$ echo a\nb\n', /stdout differs/],
  ['output where none is expected', '$ echo a\n', /stdout differs/],
  ['too little output', '$ true\na\n', /stdout differs/],
  ['a message on the wrong stream', '$ echo a\n! a\n', /stdout differs/],
  ['a message that is not expected', '$ echo a >&2\n', /stderr differs/],
  ['another text for the same name', '$ printf "a 1\\nb 2\\n"\na <x>\nb <x>\n', /stdout differs/],
  ['another text for a name of an earlier command', '$ echo 1\n<x>\n$ echo 2\n<x>\n', /stdout differs/],
  ['a file that a failed command left behind', '$ touch left; exit 1\n? 1\n', /changed the files/],
];

for (const [what, transcript, message] of rejections) {
  test(`a transcript rejects ${what}`, async () => {
    using directory = temporaryDirectory();
    await assert.rejects(runTranscript(transcript, directory.path), message);
  });
}

test('a transcript accepts what it describes, and names carry text from one command to the next', async () => {
  using directory = temporaryDirectory();
  const transcript = `
# Names are of letters and spaces.
$ echo "code hf1-abc, again hf1-abc (.*)"; echo careful >&2
code <join code>, again <join code> (.*)
! careful
$ touch "<join code>" && ls
<join code>
$ printf 'first\\n1\\n2\\nlast\\n'
first
...
last
$ exit 5
? 5
`;
  await runTranscript(transcript, directory.path);
});
