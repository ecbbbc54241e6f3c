/** What programs can be made to do by their arguments, as far as it is known here. Names are those of files, without their folders. */

const names = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Whoever may say anything to them may run anything: editors, pagers, consoles, and what runs a command later or elsewhere. */
export const consoles = names(`
  vi vim nvim vimdiff view rview rvim ex ed red emacs nano pico joe jed mcedit micro ne vifm ranger mc less more most pg xmore man info pinfo yelp
  top htop atop btop iftop screen tmux tmate byobu expect gdb lldb gdbserver irb pry byebug pdb ipython bpython jshell jjs ghci scala tclsh wish slsh
  mail mailx mutt alpine elinks lynx links w3m ftp lftp ncftp sftp psftp telnet rlogin minicom picocom cu msfconsole smbclient ksu su runuser
  crontab at batch visudo vipw vigr sudoedit dialog whiptail gimp octave sage maxima bc dc ginsh redis-shell mongo mongosh crash scanmem debugfs
  parted gparted fdisk sfdisk cfdisk bconsole pwsh elvish nu xonsh rc es posh sash wine dosbox qemu virsh volatility`);

/** Their parameters may name code, another program, a place to write or another host; which of them does is not looked into. */
export const dangerous = names(`
  7z 7za 7zr aa-exec ab agetty ansible ansible-playbook ansible-pull apache2ctl apt apt-get aptitude ar aria2c arj arp as aspell atobm autossh aws az
  babel bpftrace bpftool bundle bundler busctl c89 c99 cc cabal cancel capsh cargo cdist certbot check_by_ssh chroot clang clamscan cobc column composer conda
  cowsay cowthink cpan cpio cpulimit crictl csplit csvtool ctr cupsfilter curlftpfs dbus-send dc distcc dmesg dmsetup dnf dnsmasq dotnet dpkg dpkg-deb dstat
  dump dvips easy_install eb efax efibootmgr enscript espeak exiftool facter ffmpeg file-roller firejail fping freshclam g++ gcc gcloud gsutil gcore gem
  genie genisoimage ghc ghostscript gs git-shell gcloud-sdk go gpg gpg2 gradle grc groff gtester guile haproxy helm highlight hping3 httpd iconv inotifywait insmod
  ispell jarsigner jdb jrunscript jtag julia kexec knife kubeadm latex latexmk ldconfig ld logrotate logsave lp lpr ltrace lualatex luatex lwp-download lwp-request
  mawk mkisofs modprobe mosquitto_pub mosquitto_sub mount mtr multitime mvn nasm ncdu nerdctl nft nginx nmap npm npx nroff nsenter ntpdate nvme openssl
  openvpn openvt opkg pacman pandoc parallel pax pdflatex perf perlbug pexec pic pip pip3 pipx pipenv pkexec pkg pkg_add pm2 pnpm poetry podman pr proot
  ptx puppet pv rake rclone redcarpet redis-server restic rpm rpmbuild rpmdb rpmquery rpmverify rsync rtorrent rtmpdump run-mailcap run-parts runc runscript scp
  scrapy script scriptreplay scrot service setarch setcap setlock sg skopeo snap socat socket nc ncat netcat soelim softlimit sqlmap ss ssh ssh-add ssh-agent ssh-copy-id
  ssh-keygen ssh-keyscan sshfs sshpass start-stop-daemon strace su-exec supervisorctl systemd-run systemd-nspawn swaks sysctl task tasksh tcpdump tdbtool telinit
  terraform tofu tex tftp tic tmpreaper torify torsocks tox traceroute troff tshark dumpcap tshd ul umount unshare unsquashfs unzip update-alternatives uucp uudecode vagrant
  valgrind varnishncsa varnishlog vault wall watch webpack whois wireshark xdg-open xdotool xelatex xetex xmodmap xpad xterm yarn yum zathura zip zsoelim zypper
  make gmake cmake ninja meson bazel ant rake cpp tclkit osascript entr fuser kill killall pkill pstack gstack jstack jmap jcmd chpasswd passwd useradd usermod userdel adduser
  groupadd groupmod chsh chfn gpasswd iptables ip6tables nftables ufw firewall-cmd ifconfig route tc ethtool brctl bridge nmcli networkctl reboot shutdown poweroff halt init`);

/** They run the code in a file, or behind an option. */
export const interpreters =
  /^(r?bash|sh|dash|ash|zsh|[mlp]?ksh\d*|ksh93|yash|fish|t?csh|python|pypy|perl|ruby|jruby|node|nodejs|deno|bun|php|lua|luajit|java|kotlin|groovy|Rscript|R|raku|tclsh|guile|ts-node|coffee)[\d.]*$/;

/** They print files. */
export const readers = names(`
  cat tac head tail nl rev wc cut sort uniq tr od xxd hd hexdump strings base32 base64 basenc basez md5sum sha1sum sha224sum sha256sum sha512sum b2sum
  cksum sum comm cmp diff diff3 sdiff join paste expand unexpand fmt fold split pr shuf look file iconv zcat bzcat xzcat zstdcat lz4cat gzip gunzip bzip2 xz zstd
  zless zmore zgrep zegrep grep egrep fgrep rg ag ack jq yq xmllint csvtool column ascii-xfr ascii85 uuencode readelf nm objdump size ar unexpand tsort vis bat dd cp mv`);

/** They look for what their first word says, and only the others are files. */
export const searchers = names('grep egrep fgrep zgrep zegrep rg ag ack jq yq');

/** They write files. */
export const writers = names(`
  tee cp mv ln link install dd truncate touch mkdir mkfifo mknod chmod chown chgrp chattr setfacl split csplit sponge patch gzip gunzip bzip2 xz zstd
  fallocate mkfs mkswap losetup rename mktemp`);

export const removers = names('rm rmdir unlink shred wipefs');

export const webClients = names('curl wget wget2 http https httpie xh aria2c lwp-request');

/** Statements of theirs can read and write files and run programs. */
export const databaseClients = names(
  'psql mysql mariadb sqlite3 sqlite clickhouse-client clickhouse duckdb cqlsh sqlplus sqlcmd mongosh mongo redis-cli influx cypher-shell pg_dump pg_restore mysqldump',
);

/** Programs with words of their own for what is to be done: those that only show something, and those that change what there is. */
export const manifold: Readonly<Record<string, { read: ReadonlySet<string>; write: ReadonlySet<string> }>> = {
  systemctl: {
    read: names(
      'status show is-active is-enabled is-failed cat list-units list-unit-files list-timers list-sockets list-jobs list-dependencies',
    ),
    write: names(
      'start stop restart reload try-restart reload-or-restart try-reload-or-restart reset-failed enable disable mask unmask kill freeze thaw',
    ),
  },
  journalctl: { read: names(''), write: names('') },
  loginctl: {
    read: names('list-sessions list-users session-status user-status show-session show-user'),
    write: names('terminate-session terminate-user lock-session'),
  },
  timedatectl: { read: names('status show list-timezones'), write: names('set-timezone set-ntp') },
  hostnamectl: { read: names('status'), write: names('set-hostname') },
  resolvectl: { read: names('status query statistics dns domain'), write: names('flush-caches') },
  docker: {
    read: names('ps logs inspect images stats top version info port diff history events'),
    write: names('start stop restart pause unpause kill rename wait'),
  },
  podman: {
    read: names('ps logs inspect images stats top version info port diff history events'),
    write: names('start stop restart pause unpause kill rename wait'),
  },
  'docker-compose': {
    read: names('ps logs images top version ls'),
    write: names('start stop restart pause unpause kill'),
  },
  crictl: { read: names('ps pods logs inspect inspectp images stats info version'), write: names('stop stopp') },
  kubectl: {
    read: names('get describe logs top version explain api-resources api-versions cluster-info'),
    write: names('scale cordon uncordon'),
  },
  helm: { read: names('list ls status history version'), write: names('rollback') },
  git: { read: names('log show status diff branch describe rev-parse shortlog blame ls-files'), write: names('') },
  ip: { read: names('addr address a link l route r neigh neighbour n rule maddr'), write: names('') },
  supervisorctl: { read: names('status pid version'), write: names('start stop restart signal') },
  service: { read: names('--status-all'), write: names('') },
  rabbitmqctl: {
    read: names('status list_queues list_connections list_channels list_exchanges cluster_status'),
    write: names(''),
  },
  nginx: { read: names('-t -T -v -V'), write: names('') },
};

/** Options whose value is code, a program, a configuration that names one, or a place to write, with whatever program. */
export const steering =
  /^--?(rsh(-command)?|exec(ute|-batch)?|command|cmd|eval(uate)?|expression|script|pager|editor|shell|to-command|use-compress-program|checkpoint-action|new-volume-script|info-script|rmt-command|compress-program|rcfile|init-file|init-command|init-script|plugin(-dir|s)?|preload|load|load-extension|require|import|include|module|library|config(-file)?|conf|defaults(-extra)?-file|options?|proxy-?command|run|hook|filter|preprocess|post(process|rotate-command)?|unzip-command|wrapper|interpreter|output(-document|-file)?|out(file)?|log-file|tee|log|upload-pack|receive-pack|ssh-?command|exec-path|git-dir|kubeconfig|token|server|context|host|root|chroot|image|directory|file|files0-from|files-from|exclude-from|from-file|password-file|random-source|reference)$/;
