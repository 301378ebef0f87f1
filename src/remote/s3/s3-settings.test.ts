import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { isHoldfastError } from '../../base/index.ts';
import { readS3Settings } from './s3-settings.ts';

it('a key is found in the environment, else in the profile that is named of the files of AWS', async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, '.aws'));
  writeFileSync(
    join(directory.path, '.aws/credentials'),
    '[default]\naws_access_key_id = ofDefault\naws_secret_access_key=s1\n\n# a remark\n[ nas ]\r\naws_access_key_id=ofNas\r\naws_secret_access_key = s=2/+\naws_session_token = t2\n',
  );
  writeFileSync(
    join(directory.path, '.aws/config'),
    '[default]\nregion = eu-west-1\ns3 =\n  endpoint_url = https://not.this.one\n[profile nas]\nregion=garage\nendpoint_url = https://nas.lan:3900\nca_bundle = /etc/nas.pem\n',
  );
  const HOME = directory.path;
  const ofDefault = await readS3Settings({ HOME });
  assert.deepEqual(
    [ofDefault.credentials.accessKeyId, ofDefault.region, ofDefault.endpoint],
    ['ofDefault', 'eu-west-1', undefined],
  );
  const ofNas = await readS3Settings({ HOME, AWS_PROFILE: 'nas' });
  const { credentials, ...settings } = ofNas;
  assert.deepEqual(settings, {
    region: 'garage',
    endpoint: 'https://nas.lan:3900',
    rootsFile: '/etc/nas.pem',
  });
  assert.deepEqual(
    [credentials.accessKeyId, credentials.secretAccessKey.reveal(), credentials.sessionToken?.reveal()],
    ['ofNas', 's=2/+', 't2'],
  );
  const said = { HOME, AWS_ACCESS_KEY_ID: 'said', AWS_SECRET_ACCESS_KEY: 's3', AWS_REGION: 'us-west-2' };
  const saidFirst = await readS3Settings(said);
  assert.deepEqual([saidFirst.credentials.accessKeyId, saidFirst.region], ['said', 'us-west-2']);
});

it('without a key it is said where it was looked for, and no half of one is shown', async () => {
  using directory = temporaryDirectory();
  const HOME = directory.path;
  const missing = async (environment: Record<string, string>, message: RegExp): Promise<void> => {
    await assert.rejects(readS3Settings({ HOME, ...environment }), (error) => {
      assert.ok(isHoldfastError(error, 'credentials_missing'));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });
  };
  await missing({}, /none in profile default of .*\.aws\/credentials and .*\.aws\/config/);
  await missing({ AWS_PROFILE: 'nas' }, /none in profile nas of/);
  await missing({ AWS_SECRET_ACCESS_KEY: 'canary' }, /half of a key .*: AWS_ACCESS_KEY_ID is not/);
  await missing(
    { AWS_ACCESS_KEY_ID: 'canary', AWS_SECRET_ACCESS_KEY: 'canary\r\nx: y' },
    /characters that none has/,
  );
  mkdirSync(join(HOME, '.aws/credentials'), { recursive: true });
  await missing({}, /credentials: it is a directory/);
});
