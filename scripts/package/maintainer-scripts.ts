import { serviceJobs, serviceName } from '../../src/agent/index.ts';

const units = serviceJobs.map((job) => `${serviceName(job)}.service`).join(' ');
/** A system that is being installed, or a container, has systemd's files and not systemd. */
const withSystemd = '[ -d /run/systemd/system ] || exit 0';

/** After the files are there: the account of the server, and what ran goes on with the new program. */
export const afterInstall = `if ! getent passwd holdfast >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/holdfast --shell /usr/sbin/nologin holdfast
fi
${withSystemd}
systemctl daemon-reload
systemctl try-restart ${units}
`;

/** Before the last version goes: nothing of it runs on. */
export const beforeRemoval = `${withSystemd}
systemctl --quiet disable --now ${units} 2>/dev/null || true
`;

/** After it has gone. */
export const afterRemoval = `${withSystemd}
systemctl daemon-reload
`;

/** What stays for ever is somebody's backups, and the keys that open them: no package takes them away. */
export const afterPurge = `if [ -e /var/lib/holdfast ]; then
  echo 'holdfast: /var/lib/holdfast is kept: it may hold the keys and backups of other machines' >&2
else
  getent passwd holdfast >/dev/null && userdel holdfast || true
fi
`;
