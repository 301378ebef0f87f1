import type { ErrorRow } from './error-row.ts';

/** Repositories at S3 and by SFTP. */
export const placesErrors = {
  bucket_missing: {
    happened: 'a service that speaks S3 has no bucket of that name',
    next: 'check the name of the bucket in the address; where it is right, make the bucket with the tools of that service',
  },
  place_forbidden: {
    happened: 'the key or the user may not do this where repositories are kept; what was tried is named',
    next: 'give them the right to list, read, write and remove there; at S3 these are s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject',
    kind: 'refused',
  },
  credentials_missing: {
    happened:
      'no key for a service that speaks S3 is in the environment or in the files of AWS, or half of one',
    next: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or write them into ~/.aws/credentials',
  },
  credentials_refused: {
    happened:
      'a service that speaks S3 does not take the key; where the key is from is named, and what is wrong with it',
    next: 'correct the key where it is from; another profile is named by AWS_PROFILE',
    kind: 'refused',
  },
  region_wrong: {
    happened:
      'a bucket is in another region, or at another host, than was asked; the right one is named where the service says it',
    next: 'set the region of the bucket, in the environment or in ~/.aws/config: AWS_REGION=REGION',
    kind: 'connection',
  },
  clock_differs: {
    happened:
      'the clock of this machine and that of a service are too far apart for requests to be believed; both times are shown',
    next: 'set the clock of this machine, as timedatectl set-ntp true does',
    kind: 'connection',
  },
  ssh_missing: {
    happened: 'there is no program ssh on this machine, over which SFTP goes',
    next: 'install it, as apt install openssh-client does',
  },
  ssh_refused: {
    happened: 'a machine does not let the user in by any key that ssh has without asking',
    next: 'put the public key of this user into ~/.ssh/authorized_keys there, as ssh-copy-id does; a key with a passphrase has to be in an ssh-agent',
    kind: 'refused',
  },
  ssh_host_unknown: {
    happened:
      'ssh does not know the host key of a machine, and nobody is there to be asked whether it is right',
    next: 'connect once by ssh as the same user, compare the key that it shows with that of the machine, and say yes',
    kind: 'certificate',
  },
  ssh_host_changed: {
    happened:
      'a machine shows another host key than the one that ssh knows of it: it was set up anew, or it is another machine',
    next: 'find out which; where it was set up anew, ssh-keygen -R HOST forgets the old key',
    kind: 'certificate',
  },
  sftp_missing: {
    happened: 'a machine takes ssh, and has no SFTP',
    next: 'switch it on there: Subsystem sftp internal-sftp in /etc/ssh/sshd_config',
    kind: 'connection',
  },
} as const satisfies Record<string, ErrorRow>;
