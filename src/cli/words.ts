import type { WordEntry } from './word.ts';

/**
 * All words, in the order of the help. Only what was said is loaded, so that a command starts no slower for the others;
 * help, completion and manual pages are views of this table.
 */
export const words: readonly WordEntry[] = [
  {
    name: 'up',
    summary: 'set everything up, back PATH up, verify it, and go on as the server',
    everyday: true,
    load: () => import('./up.ts'),
  },
  {
    name: 'backup',
    summary: 'back files up to the server',
    everyday: true,
    load: () => import('./backup.ts'),
  },
  {
    name: 'restore',
    summary: 'bring files of a snapshot back',
    everyday: true,
    load: () => import('./restore.ts'),
  },
  {
    name: 'snapshots',
    summary: 'list what has been backed up',
    everyday: true,
    load: () => import('./snapshots.ts'),
  },
  {
    name: 'ls',
    summary: 'list the files of a snapshot',
    everyday: true,
    load: () => import('./ls.ts'),
  },
  {
    name: 'find',
    summary: 'find files in all snapshots, by name or by what is stored',
    everyday: true,
    load: () => import('./find.ts'),
  },
  {
    name: 'dump',
    summary: 'write a file of a snapshot to standard output, or a folder as an archive',
    everyday: true,
    load: () => import('./dump.ts'),
  },
  {
    name: 'mount',
    summary: 'show the snapshots as files and folders of this machine',
    everyday: true,
    load: () => import('./mount.ts'),
  },
  {
    name: 'browse',
    summary: 'show the snapshots to a browser or a WebDAV program on this machine',
    everyday: true,
    load: () => import('./browse.ts'),
  },
  {
    name: 'diff',
    summary: 'show what differs between two snapshots',
    everyday: true,
    load: () => import('./diff.ts'),
  },
  {
    name: 'status',
    summary: 'show this machine, its certificates and what needs attention',
    everyday: true,
    load: () => import('./status.ts'),
  },
  {
    name: 'doctor',
    summary: 'say what keeps this machine from a server, and what to do about it',
    everyday: true,
    load: () => import('./doctor.ts'),
  },
  {
    name: 'join',
    summary: 'make this machine a client of a network',
    everyday: true,
    load: () => import('./join.ts'),
  },
  {
    name: 'set',
    summary: 'say what is backed up by itself, and when',
    words: [
      {
        name: 'add',
        summary: 'name folders that are backed up together, and when',
        load: () => import('./set/add.ts'),
      },
      { name: 'list', summary: 'list the backup sets of this machine', load: () => import('./set/list.ts') },
      { name: 'show', summary: 'show a backup set, and its runs', load: () => import('./set/show.ts') },
      { name: 'run', summary: 'back a set up now', load: () => import('./set/run.ts') },
      { name: 'rename', summary: 'call a backup set otherwise', load: () => import('./set/rename.ts') },
      { name: 'remove', summary: 'back a set up no more', load: () => import('./set/remove.ts') },
      { name: 'send', summary: 'send clients a backup set', load: () => import('./set/send.ts') },
      {
        name: 'sent',
        summary: 'list the sets that the server sends, and who refuses them',
        load: () => import('./set/sent.ts'),
      },
      { name: 'withdraw', summary: 'send a set no more', load: () => import('./set/withdraw.ts') },
      {
        name: 'refuse',
        summary: 'run a set that the server sends no more here',
        load: () => import('./set/refuse.ts'),
      },
      {
        name: 'accept',
        summary: 'take back that a set was refused',
        load: () => import('./set/accept.ts'),
      },
    ],
  },
  {
    name: 'agent',
    summary: 'run the backup sets when their time comes',
    load: () => import('./agent.ts'),
  },
  {
    name: 'update',
    summary: 'install the newer version that the network offers',
    load: () => import('./update.ts'),
  },
  {
    name: 'notice',
    summary: 'say who is told when something needs attention',
    words: [
      { name: 'add', summary: 'name somebody who is told, and how', load: () => import('./notice/add.ts') },
      { name: 'list', summary: 'list who is told', load: () => import('./notice/list.ts') },
      { name: 'remove', summary: 'tell somebody nothing more', load: () => import('./notice/remove.ts') },
      { name: 'test', summary: 'send a notice that is a test', load: () => import('./notice/test.ts') },
    ],
  },
  {
    name: 'recover',
    summary: 'bring a lost machine back: its identity by a reissue code, its backups by the recovery kit',
    load: () => import('./recover.ts'),
  },
  {
    name: 'stats',
    summary: 'count what snapshots hold, and what they take',
    load: () => import('./stats.ts'),
  },
  {
    name: 'copy',
    summary: 'copy snapshots into another repository',
    load: () => import('./copy.ts'),
  },
  {
    name: 'check',
    summary: 'check a repository for damage',
    load: () => import('./check.ts'),
  },
  {
    name: 'drill',
    summary: 'restore a sample of each backup set, and compare it',
    load: () => import('./drill.ts'),
  },
  {
    name: 'tag',
    summary: 'change the words that snapshots are marked with',
    load: () => import('./tag.ts'),
  },
  {
    name: 'forget',
    summary: 'remove snapshots by a policy, or by name',
    load: () => import('./forget.ts'),
  },
  {
    name: 'prune',
    summary: 'free the space that no snapshot needs',
    load: () => import('./prune.ts'),
  },
  {
    name: 'unlock',
    summary: 'remove locks whose holders are gone',
    load: () => import('./unlock.ts'),
  },
  {
    name: 'repair',
    summary: 'mend what can be mended in a repository',
    words: [
      {
        name: 'index',
        summary: 'write a new index for packs that none lists',
        load: () => import('./repair/repair-index.ts'),
      },
      {
        name: 'snapshots',
        summary: 'make snapshots without what is lost of them',
        load: () => import('./repair/repair-snapshots.ts'),
      },
    ],
  },
  {
    name: 'init',
    summary: 'create an authority and nothing else',
    load: () => import('./init.ts'),
  },
  {
    name: 'serve',
    summary: 'run the server of this home',
    load: () => import('./serve.ts'),
  },
  {
    name: 'token',
    summary: 'make a join code for another machine, or a bearer token',
    words: [
      {
        name: 'create',
        summary: 'make a join code or a bearer token',
        load: () => import('./token/create.ts'),
      },
      { name: 'list', summary: 'list the join codes that were made', load: () => import('./token/list.ts') },
      {
        name: 'revoke',
        summary: 'end a join code or a bearer token',
        load: () => import('./token/revoke.ts'),
      },
    ],
  },
  {
    name: 'cert',
    summary: 'list, show, verify, renew and export certificates',
    words: [
      {
        name: 'list',
        summary: 'list the certificates that were issued',
        load: () => import('./cert/list.ts'),
      },
      { name: 'show', summary: 'show one certificate', load: () => import('./cert/show.ts') },
      { name: 'verify', summary: 'verify a certificate in a file', load: () => import('./cert/verify.ts') },
      { name: 'renew', summary: "renew this machine's certificate", load: () => import('./cert/renew.ts') },
      {
        name: 'revoke',
        summary: 'end a certificate, a node with all it has, or an issuing certificate',
        load: () => import('./cert/revoke.ts'),
      },
      {
        name: 'export',
        summary: "write this machine's certificate for other programs",
        load: () => import('./cert/export.ts'),
      },
    ],
  },
  {
    name: 'service',
    summary: 'have the server or the agent of this home run by itself',
    words: [
      {
        name: 'install',
        summary: 'install the server or the agent as a service, and start it',
        load: () => import('./service/install.ts'),
      },
      {
        name: 'status',
        summary: 'show the services and whether they run',
        load: () => import('./service/status.ts'),
      },
      {
        name: 'remove',
        summary: 'stop a service and start it no more',
        load: () => import('./service/remove.ts'),
      },
    ],
  },
  {
    name: 'nodes',
    summary: 'list the nodes of the network: when each was seen, how, and its newest backup',
    load: () => import('./nodes.ts'),
  },
  {
    name: 'node',
    summary: 'decide what one client may do with its repositories',
    words: [
      {
        name: 'set',
        summary: 'whether it may remove what it has stored, and how much it may store',
        load: () => import('./node/set.ts'),
      },
      {
        name: 'quarantine',
        summary: 'let it restore, and nothing else',
        load: () => import('./node/quarantine.ts'),
      },
      { name: 'release', summary: 'end its quarantine', load: () => import('./node/release.ts') },
    ],
  },
  {
    name: 'job',
    summary: 'have a client back up or restore now, as far as its owner allows',
    words: [
      {
        name: 'start',
        summary: 'back a set of a client up now, or restore there',
        load: () => import('./job/start.ts'),
      },
      { name: 'stop', summary: 'end a job', load: () => import('./job/stop.ts') },
      { name: 'list', summary: 'list the jobs of clients', load: () => import('./job/list.ts') },
      { name: 'show', summary: 'show a job, and what came of it', load: () => import('./job/show.ts') },
    ],
  },
  {
    name: 'grant',
    summary: 'let one client restore what another one has saved, for some time',
    words: [
      {
        name: 'create',
        summary: 'let one client read what another one has saved',
        load: () => import('./grant/create.ts'),
      },
      { name: 'list', summary: 'list who may read what of whom', load: () => import('./grant/list.ts') },
      { name: 'show', summary: 'show a grant', load: () => import('./grant/show.ts') },
      { name: 'revoke', summary: 'end a grant', load: () => import('./grant/revoke.ts') },
      {
        name: 'seal',
        summary: 'seal a grant of this machine, as its agent does',
        load: () => import('./grant/seal.ts'),
      },
    ],
  },
  {
    name: 'schedule',
    summary: 'have the server start jobs of clients again and again',
    words: [
      {
        name: 'add',
        summary: 'start a job again and again',
        load: () => import('./schedule/add.ts'),
      },
      {
        name: 'list',
        summary: 'list what is started again and again',
        load: () => import('./schedule/list.ts'),
      },
      {
        name: 'remove',
        summary: 'start nothing by a schedule any more',
        load: () => import('./schedule/remove.ts'),
      },
    ],
  },
  {
    name: 'replicate',
    summary: 'copies of what a node stores, at other nodes',
    words: [
      {
        name: 'add',
        summary: 'have what a node stores copied to others',
        load: () => import('./replicate/add.ts'),
      },
      {
        name: 'list',
        summary: 'list which nodes keep copies of what others store',
        load: () => import('./replicate/list.ts'),
      },
      {
        name: 'remove',
        summary: 'copy what a node stores no more',
        load: () => import('./replicate/remove.ts'),
      },
      {
        name: 'run',
        summary: 'compare this server with its copies now',
        load: () => import('./replicate/run.ts'),
      },
      {
        name: 'status',
        summary: 'show how far the copies are',
        load: () => import('./replicate/status.ts'),
      },
    ],
  },
  {
    name: 'scrub',
    summary: 'read every file of the store, and heal what is damaged',
    load: () => import('./scrub.ts'),
  },
  {
    name: 'trash',
    summary: 'what clients have removed: list it, bring it back, empty it',
    words: [
      {
        name: 'list',
        summary: 'list what rests, by repository and by day',
        load: () => import('./trash/list.ts'),
      },
      {
        name: 'restore',
        summary: 'bring back what a client has removed',
        load: () => import('./trash/restore.ts'),
      },
      {
        name: 'empty',
        summary: 'remove for good what is not locked',
        load: () => import('./trash/empty.ts'),
      },
    ],
  },
  {
    name: 'release',
    summary: 'offer newer versions of this program to the machines of the network',
    words: [
      {
        name: 'publish',
        summary: 'offer packages of a newer version',
        load: () => import('./release/publish.ts'),
      },
      {
        name: 'list',
        summary: 'list the versions that were published',
        load: () => import('./release/list.ts'),
      },
      {
        name: 'withdraw',
        summary: 'offer a version no more',
        load: () => import('./release/withdraw.ts'),
      },
    ],
  },
  {
    name: 'policy',
    summary: 'show and change what the network has decided for all its machines',
    words: [
      { name: 'show', summary: 'show what the network has decided', load: () => import('./policy/show.ts') },
      {
        name: 'set',
        summary: 'change one thing that the network has decided',
        load: () => import('./policy/set.ts'),
      },
      { name: 'export', summary: 'write the policy into a file', load: () => import('./policy/export.ts') },
      {
        name: 'import',
        summary: 'put the policy of a file in place',
        load: () => import('./policy/import.ts'),
      },
    ],
  },
  {
    name: 'client',
    summary: 'show and change how this machine dials its servers',
    words: [
      { name: 'show', summary: 'show how this machine dials', load: () => import('./client/show.ts') },
      {
        name: 'set',
        summary: 'change one thing of how this machine dials',
        load: () => import('./client/set.ts'),
      },
      {
        name: 'import',
        summary: 'dial as the client file of another program says',
        load: () => import('./client/import.ts'),
      },
      {
        name: 'set-server',
        summary: 'use another address of a server, when it is one',
        load: () => import('./client/set-server.ts'),
      },
      {
        name: 'set-token',
        summary: 'hold a bearer token in place of a certificate',
        load: () => import('./client/set-token.ts'),
      },
    ],
  },
  {
    name: 'request',
    summary: 'make certificate requests, hand them in, decide on them',
    words: [
      {
        name: 'create',
        summary: 'make a key and a certificate request for it',
        load: () => import('./request/create.ts'),
      },
      {
        name: 'export',
        summary: 'write the key of a request, with its certificate, for a web server',
        load: () => import('./request/export.ts'),
      },
      {
        name: 'pending',
        summary: "list this machine's own requests that wait for a certificate",
        load: () => import('./request/pending.ts'),
      },
      { name: 'submit', summary: 'hand a request in at a server', load: () => import('./request/submit.ts') },
      {
        name: 'collect',
        summary: 'collect the certificate of a request that was handed in',
        load: () => import('./request/collect.ts'),
      },
      {
        name: 'complete',
        summary: 'pair a certificate with the key that waits for it',
        load: () => import('./request/complete.ts'),
      },
      {
        name: 'list',
        summary: 'list the requests that were handed in here',
        load: () => import('./request/list.ts'),
      },
      {
        name: 'show',
        summary: 'show a request and what would be issued for it',
        load: () => import('./request/show.ts'),
      },
      {
        name: 'approve',
        summary: 'issue the certificate that a request asks for',
        load: () => import('./request/approve.ts'),
      },
      { name: 'deny', summary: 'refuse a request', load: () => import('./request/deny.ts') },
    ],
  },
  {
    name: 'tls',
    summary: 'show certificates from elsewhere for certain hosts or listeners',
    words: [
      {
        name: 'bind',
        summary: 'show a certificate from elsewhere to whoever names a host',
        load: () => import('./tls/bind.ts'),
      },
      {
        name: 'list',
        summary: 'list the certificates from elsewhere that are shown',
        load: () => import('./tls/list.ts'),
      },
      {
        name: 'unbind',
        summary: "show the server's own certificate again",
        load: () => import('./tls/unbind.ts'),
      },
    ],
  },
  {
    name: 'trust',
    summary: 'say whom this machine believes for certain servers',
    words: [
      {
        name: 'add',
        summary: 'believe roots from elsewhere for certain server names',
        load: () => import('./trust/add.ts'),
      },
      {
        name: 'accept',
        summary: 'believe the certificate that a server shows now, at that address',
        load: () => import('./trust/accept.ts'),
      },
      {
        name: 'list',
        summary: 'list the roots that this machine believes, and for whom',
        load: () => import('./trust/list.ts'),
      },
      {
        name: 'show',
        summary: 'show what this machine believes for a server name',
        load: () => import('./trust/show.ts'),
      },
      {
        name: 'remove',
        summary: 'believe nothing from elsewhere any more for a server name',
        load: () => import('./trust/remove.ts'),
      },
      {
        name: 'install',
        summary: "put the network's root into the trust stores of this machine",
        load: () => import('./trust/install.ts'),
      },
      {
        name: 'uninstall',
        summary: "take the network's root out of the trust stores again",
        load: () => import('./trust/uninstall.ts'),
      },
    ],
  },
  {
    name: 'ca',
    summary: "look at the authority's own certificates, and take care of its keys",
    words: [
      {
        name: 'show',
        summary: "show the authority's certificates and where their keys are",
        load: () => import('./ca/show.ts'),
      },
      {
        name: 'create',
        summary: 'create an authority, as holdfast init does, or one below an outside root',
        load: () => import('./ca/create.ts'),
      },
      {
        name: 'request',
        summary: "write the request for the authority's own certificate, for an outside root",
        load: () => import('./ca/request.ts'),
      },
      {
        name: 'complete',
        summary: 'install the certificate that an outside root has signed',
        load: () => import('./ca/complete.ts'),
      },
      {
        name: 'adopt',
        summary: 'make an authority out of one that exists, with what it issued',
        load: () => import('./ca/adopt.ts'),
      },
      {
        name: 'export',
        summary: "write the authority's certificates into a file",
        load: () => import('./ca/export.ts'),
      },
      {
        name: 'crl',
        summary: 'show what has been revoked, for other programs',
        load: () => import('./ca/crl.ts'),
      },
      {
        name: 'backup',
        summary: 'back the authority up into one encrypted file',
        load: () => import('./ca/backup.ts'),
      },
      {
        name: 'restore',
        summary: 'make an authority out of its backup',
        load: () => import('./ca/restore.ts'),
      },
      {
        name: 'rehearse',
        summary: 'try a backup of the authority as if it were needed',
        load: () => import('./ca/rehearse.ts'),
      },
      { name: 'move', summary: 'move the authority to another machine', load: () => import('./ca/move.ts') },
      {
        name: 'offline',
        summary: 'take the key of the root off this machine',
        load: () => import('./ca/offline.ts'),
      },
      { name: 'online', summary: 'bring the key of the root back', load: () => import('./ca/online.ts') },
      { name: 'permit', summary: 'say which names may be certified', load: () => import('./ca/permit.ts') },
      {
        name: 'clock',
        summary: 'go on after the clock was moved',
        description: 'go on with the clock of this machine as it is, after issuing has stopped because of it',
        words: [
          {
            name: 'accept',
            summary: 'go on with the clock as it is',
            load: () => import('./ca/clock/accept.ts'),
          },
        ],
      },
    ],
  },
  {
    name: 'keystore',
    summary: 'look at the keystores, share one with a group, change what opens it',
    words: [
      {
        name: 'show',
        summary: 'show what opens the keystores of this home, who can read them and what is in them',
        load: () => import('./keystore/show.ts'),
      },
      {
        name: 'share',
        summary: "let the users of a group read this machine's keystore",
        load: () => import('./keystore/share.ts'),
      },
      {
        name: 'rekey',
        summary: "give the authority's keystore another passphrase",
        load: () => import('./keystore/rekey.ts'),
      },
    ],
  },
  {
    name: 'key',
    summary: 'say which passwords open a repository, and which repositories this machine can open',
    words: [
      { name: 'list', summary: 'list the keys of a repository', load: () => import('./key/list.ts') },
      { name: 'add', summary: 'let one more password open it', load: () => import('./key/add.ts') },
      { name: 'remove', summary: 'let a password open it no more', load: () => import('./key/remove.ts') },
      { name: 'passwd', summary: 'change the password in use', load: () => import('./key/passwd.ts') },
      {
        name: 'kept',
        summary: 'list the repositories that this machine has a key of',
        load: () => import('./key/kept.ts'),
      },
    ],
  },
  {
    name: 'store',
    summary: 'answer for the place where the server keeps repositories',
    words: [{ name: 'accept', summary: 'go on with another store', load: () => import('./store/accept.ts') }],
  },
  {
    name: 'site',
    summary: 'link this network to others: who trusts whom',
    words: [
      {
        name: 'generate',
        summary: 'make this machine a site to other networks',
        load: () => import('./site/generate.ts'),
      },
      {
        name: 'pair',
        summary: 'trust another site, and have it trust this one, by a code of four words',
        load: () => import('./site/pair.ts'),
      },
      {
        name: 'export',
        summary: 'write what the other side needs to trust this site',
        load: () => import('./site/export.ts'),
      },
      {
        name: 'apply',
        summary: 'trust another site, by the files that it has exported',
        load: () => import('./site/apply.ts'),
      },
      {
        name: 'list',
        summary: 'list the sites that are trusted, and what is missing',
        load: () => import('./site/list.ts'),
      },
      {
        name: 'test',
        summary: 'test a link in both directions, step by step',
        load: () => import('./site/test.ts'),
      },
      {
        name: 'regenerate',
        summary: 'make the keys of this site anew, and tell the others',
        load: () => import('./site/regenerate.ts'),
      },
      { name: 'remove', summary: 'trust a site no more', load: () => import('./site/remove.ts') },
    ],
  },
  {
    name: 'db',
    summary: 'say where the records of the authority are kept',
    words: [
      {
        name: 'migrate',
        summary: 'move the records of the authority into PostgreSQL',
        load: () => import('./db/migrate.ts'),
      },
    ],
  },
  {
    name: 'audit',
    summary: 'read, check and export the log of what was decided',
    words: [
      {
        name: 'list',
        summary: 'list what was decided, the newest first',
        load: () => import('./audit/list.ts'),
      },
      {
        name: 'verify',
        summary: 'check that nothing was removed from the log or changed in it',
        load: () => import('./audit/verify.ts'),
      },
      { name: 'export', summary: 'write the log into a file', load: () => import('./audit/export.ts') },
    ],
  },
  {
    name: 'completion',
    summary: 'make a shell complete these words, their options and files',
    words: [
      { name: 'bash', summary: 'for bash', load: () => import('./completion/bash.ts') },
      { name: 'zsh', summary: 'for zsh', load: () => import('./completion/zsh.ts') },
      { name: 'fish', summary: 'for fish', load: () => import('./completion/fish.ts') },
    ],
  },
  {
    name: 'sm_ssl_cert',
    summary: 'the words of SEP sesam: make its certificates and keys',
    words: [
      {
        name: 'ca',
        summary: 'make the root certificate and key: ini/ca/rootCA.pem, rootCA.key',
        load: () => import('./sm-ssl-cert/ca.ts'),
      },
      {
        name: 'server',
        summary: 'make a server certificate and key: ini/ssl/server.pem, server.key',
        load: () => import('./sm-ssl-cert/server.ts'),
      },
      {
        name: 'client',
        summary: 'make a client certificate and key: ini/x.509/client.pem, client.key',
        load: () => import('./sm-ssl-cert/client.ts'),
      },
    ],
  },
  {
    name: 'certutil',
    summary: "the words of Microsoft Certificate Server: back the authority's keys up",
    load: () => import('./certutil.ts'),
  },
  {
    name: 'dsmcert',
    summary: 'the words of IBM Spectrum Protect: say which server certificates this machine believes',
    load: () => import('./dsmcert.ts'),
  },
];
