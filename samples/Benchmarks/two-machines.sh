#!/bin/bash
# two-machines.sh RATE DELAY PROGRAM...: mpirun with two ranks in network namespaces of their own, as two machines with a link of RATE
# megabits a second and DELAY milliseconds. As root on Linux, with Open MPI, once samples/Benchmarks is built.
set -e
folder=$(mktemp -d)
rate=$1 delay=$2
shift 2
end() { kill "$link" 2> /dev/null; ip netns delete lstma; ip netns delete lstmb; rm -rf "$folder"; }
trap end EXIT
ip netns add lstma
ip netns add lstmb
dotnet "$(dirname "$0")/../../artifacts/bin/Benchmarks/release/Benchmarks.dll" link "$rate" "$delay" lstma lstmb > "$folder/ready" &
link=$!
until [ -s "$folder/ready" ]; do sleep 0.1; done
for machine in "lstma 1" "lstmb 2"; do
  set -- $machine "$@"
  ip netns exec "$1" ip link set lo up
  ip netns exec "$1" ip link set "tun$1" mtu 9000 txqueuelen 10000
  ip netns exec "$1" ip address add "10.77.0.$2/24" dev "tun$1"
  ip netns exec "$1" ip link set "tun$1" up
  shift 2
done
# What mpirun starts on the other machine, it starts by this in place of ssh.
cat > "$folder/agent" <<'END'
#!/bin/bash
shift
exec ip netns exec lstmb unshare --uts bash -c "hostname lstmb; $*"
END
chmod +x "$folder/agent"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 TERM=dumb
ip netns exec lstma mpirun --bind-to none --mca plm_rsh_agent "$folder/agent" --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 \
  --mca oob_tcp_if_include 10.77.0.0/24 --host 10.77.0.1,10.77.0.2 -n 2 "$@"
