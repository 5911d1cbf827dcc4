#!/bin/sh
# A Docker engine of our own, for machines that have none and reach no image registry.
#
#   engine.sh up      prepare what is missing, start dockerd, load the base images
#   engine.sh env     print what a shell needs to talk to it: eval "$(tests/compose/engine.sh env)"
#   engine.sh down    stop everything it started and put the firewall back as it was
#
# Needs root, Debian, apt-get and a mirror. Everything lives in .containers/ (1.2 GB, git-ignored);
# only `docker.io`, `mmdebstrap` and `iptables` are installed into the system.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
home=$top/.containers
export DOCKER_CONFIG="$home/config" DOCKER_HOST="unix://$home/docker.sock"

install_engine() {
    for command in dockerd mmdebstrap iptables; do
        command -v "$command" > /dev/null || missing=yes
    done
    [ "${missing:-}" ] || return 0
    # --no-upgrade: a plain install would also upgrade what is already there.
    apt-get install -y --no-upgrade --no-install-recommends docker.io mmdebstrap iptables
}

mirror() {
    release=$(. /etc/os-release; echo "$VERSION_CODENAME")
    apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $release" | head -1
}

# Compose v2 and buildx are taken from trixie, with package lists of their own, and not installed.
fetch_plugins() {
    [ -x "$home/config/cli-plugins/docker-compose" ] && return
    mkdir -p "$home/apt/state/lists/partial" "$home/apt/cache/archives/partial" \
        "$home/debs" "$home/config/cli-plugins"
    : > "$home/apt/state/status"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$keys] $(mirror) trixie main" > "$home/apt/sources.list"
    cat > "$home/apt/apt.conf" <<END
Dir::Etc::sourcelist "$home/apt/sources.list"; Dir::Etc::sourceparts "-";
Dir::State "$home/apt/state"; Dir::State::status "$home/apt/state/status";
Dir::Cache "$home/apt/cache"; APT::Sandbox::User "root";
END
    cd "$home/debs"
    APT_CONFIG=$home/apt/apt.conf apt-get -q update
    APT_CONFIG=$home/apt/apt.conf apt-get -q download docker-compose docker-buildx
    for deb in *.deb; do dpkg-deb -x "$deb" x; done
    cp x/usr/libexec/docker/cli-plugins/* "$home/config/cli-plugins/"
}

# The host's certificates go in, so that pip works inside a build behind a proxy with its own authority.
make_python_image() {
    [ -s "$home/python.tar" ] && return
    mmdebstrap --quiet --variant=minbase \
        --include=python3,python3-venv,python3-pip,ca-certificates \
        --customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' \
        --customize-hook='ln -s python3 "$1/usr/bin/python"' \
        --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
        trixie "$home/python.part.tar" "$(mirror)"
    mv "$home/python.part.tar" "$home/python.tar"
}

# As in the official image, /data belongs to `redis`, so that the service needs no other rights.
make_redis_image() {
    [ -s "$home/redis.tar" ] && return
    mmdebstrap --quiet --variant=minbase --include=redis-server \
        --customize-hook='chroot "$1" install -d -o redis -g redis /data' \
        trixie "$home/redis.part.tar" "$(mirror)"
    mv "$home/redis.part.tar" "$home/redis.tar"
}

start_daemon() {
    docker version > /dev/null 2>&1 && return
    cat > "$home/daemon.json" <<END
{ "data-root": "$home/data", "exec-root": "$home/exec", "pidfile": "$home/dockerd.pid",
  "hosts": ["unix://$home/docker.sock"], "storage-driver": "overlay2" }
END
    iptables-save > "$home/iptables.before"
    cat /proc/sys/net/ipv4/ip_forward > "$home/ip_forward.before"
    setsid dockerd --config-file "$home/daemon.json" > "$home/dockerd.log" 2>&1 < /dev/null &
    for _ in $(seq 60); do docker version > /dev/null 2>&1 && return; sleep 0.5; done
    tail -20 "$home/dockerd.log" >&2; exit 1
}

# Imported under the very names that the Dockerfile and docker-compose.yml use.
load_images() {
    path='ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    docker image inspect python:3.13-slim-trixie > /dev/null 2>&1 ||
        docker import -c "$path" -c 'CMD ["python3"]' "$home/python.tar" python:3.13-slim-trixie
    docker image inspect redis:8-trixie > /dev/null 2>&1 ||
        docker import -c "$path" -c 'VOLUME /data' -c 'WORKDIR /data' -c 'EXPOSE 6379' \
            -c 'CMD ["redis-server"]' "$home/redis.tar" redis:8-trixie
}

up() {
    mkdir -p "$home"
    install_engine; fetch_plugins; make_python_image; make_redis_image; start_daemon; load_images
}

down() {
    [ -s "$home/dockerd.pid" ] || return 0
    docker ps -aq | xargs -r docker rm -f > /dev/null
    docker network prune -f > /dev/null
    pid=$(cat "$home/dockerd.pid"); kill "$pid"
    while kill -0 "$pid" 2> /dev/null; do sleep 0.2; done
    if ip link show docker0 > /dev/null 2>&1; then ip link del docker0; fi
    # The daemon leaves its chains, FORWARD on DROP and ip_forward on 1. A table that was not there
    # before is not in the saved rules: it is restored as an empty one.
    for table in filter nat; do
        grep -q "^\*$table" "$home/iptables.before" || printf '*%s\nCOMMIT\n' "$table"
    done | cat "$home/iptables.before" - | iptables-restore
    cat "$home/ip_forward.before" > /proc/sys/net/ipv4/ip_forward
}

case "${1:-}" in
    up) up >&2 ;;
    down) down >&2 ;;
    env) printf 'export DOCKER_CONFIG=%s DOCKER_HOST=%s\n' "$DOCKER_CONFIG" "$DOCKER_HOST" ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
