"""One program per language, which does what its input says: `add 3`, `exit 3`, `read /etc/passwd`.

What tries to leave the box prints "held" when it did not get out and "broken" when it did.
"""

_C = r"""
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to;
  memset(&to, 0, sizeof to);
  to.sin_family = AF_INET, to.sin_port = htons(port), to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
}
static int opens(const char *path, const char *mode) { return fopen(path, mode) != NULL; }
static long long stamp(void) {
  struct stat found;
  return stat("/box/main", &found) ? -1 : found.st_mtim.tv_sec * 1000000000LL + found.st_mtim.tv_nsec;
}
static void eat(void) {
  for (;;) { char *part = (char *)malloc(1 << 20); if (!part) abort(); memset(part, 1, 1 << 20); }
}
static const char *held(int got_out) { return got_out ? "broken" : "held"; }
int main(void) {
  char what[16], arg[4096];
  if (scanf("%15s %4095s", what, arg) != 2) return 99;
  if (!strcmp(what, "add")) printf("%d\n", atoi(arg) + 1);
  if (!strcmp(what, "exit")) exit(atoi(arg));
  if (!strcmp(what, "die")) abort();
  if (!strcmp(what, "spin")) for (volatile int n = 0;; n++) {}
  if (!strcmp(what, "eat")) eat();
  if (!strcmp(what, "flood")) for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
  if (!strcmp(what, "stamp")) printf("%lld\n", stamp());
  if (!strcmp(what, "leave")) { puts(access("/tmp/left", F_OK) ? "new" : "old"); opens("/tmp/left", "w"); }
  if (!strcmp(what, "read")) puts(held(opens(arg, "r")));
  if (!strcmp(what, "write")) puts(held(opens(arg, "a")));
  if (!strcmp(what, "connect")) puts(held(dial(atoi(arg))));
  if (!strcmp(what, "fork")) puts(held(fork() >= 0));
  return 0;
}
"""
_RUST = r"""
use std::{fs, io, net, os::unix::fs::MetadataExt, path::Path, process};
fn held<T, E>(tried: Result<T, E>) -> &'static str { if tried.is_ok() { "broken" } else { "held" } }
fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let (what, arg) = line.trim().split_once(' ').unwrap();
    match what {
        "add" => println!("{}", arg.parse::<i64>().unwrap() + 1),
        "exit" => process::exit(arg.parse::<i64>().unwrap().try_into().unwrap()),
        "die" => process::abort(),
        "spin" => { let mut n = 0u64; loop { n = std::hint::black_box(n + 1); } }
        "eat" => { let mut all = Vec::new(); loop { all.push(vec![1u8; 1 << 20]); std::hint::black_box(&all); } }
        "flood" => loop { println!("{}", "x".repeat(1000)); },
        "stamp" => { let m = fs::metadata("/box/main").unwrap(); println!("{} {}", m.mtime(), m.mtime_nsec()); }
        "leave" => {
            println!("{}", if Path::new("/tmp/left").exists() { "old" } else { "new" });
            fs::File::create("/tmp/left").unwrap();
        }
        "read" => println!("{}", held(fs::File::open(arg))),
        "write" => println!("{}", held(fs::OpenOptions::new().append(true).create(true).open(arg))),
        "connect" => println!("{}", held(net::TcpStream::connect(("127.0.0.1", arg.parse::<u16>().unwrap())))),
        "fork" => println!("{}", held(process::Command::new("/usr/bin/true").status())),
        _ => process::exit(99),
    }
}
"""
_JAVA = r"""
import java.io.*;
import java.net.Socket;
import java.nio.file.*;
import java.util.*;
public class Main {
  interface Try { Object run() throws Exception; }
  static String held(Try attempt) {
    try { attempt.run(); return "broken"; } catch (Exception refused) { return "held"; }
  }
  static void waste(int megabytes) { for (int n = 0; n < megabytes; n++) Arrays.fill(new byte[1 << 20], (byte) 1); }
  static void eat() { List<byte[]> all = new ArrayList<>(); for (;;) { byte[] part = new byte[1 << 20]; Arrays.fill(part, (byte) 1); all.add(part); } }
  public static void main(String[] none) throws Exception {
    Scanner input = new Scanner(System.in);
    String what = input.next(), arg = input.next();
    switch (what) {
      case "add": System.out.println(Integer.parseInt(arg) + 1); break;
      case "exit": System.exit(Integer.parseInt(arg)); break;
      case "die": assert false : "dying"; break;
      case "spin": for (long n = 0;; n++) if (n == -1) System.out.println(n);
      case "eat": eat(); break;
      case "waste": waste(Integer.parseInt(arg)); break;
      case "flood": for (;;) { System.out.println("x".repeat(1000)); if (System.out.checkError()) System.exit(1); }
      case "stamp": System.out.println(Files.getLastModifiedTime(Path.of("/box/Main.class"))); break;
      case "leave":
        System.out.println(Files.exists(Path.of("/tmp/left")) ? "old" : "new");
        Files.createFile(Path.of("/tmp/left")); break;
      case "read": System.out.println(held(() -> new FileInputStream(arg))); break;
      case "write": System.out.println(held(() -> new FileOutputStream(arg, true))); break;
      case "connect": System.out.println(held(() -> new Socket("127.0.0.1", Integer.parseInt(arg)))); break;
      case "fork": System.out.println(held(() -> new ProcessBuilder("/usr/bin/true").start())); break;
    }
  }
}
"""
_JAVASCRIPT = r"""
const fs = require('fs'), net = require('net'), child = require('child_process');
const [what, arg] = fs.readFileSync(0, 'utf8').trim().split(' ');
const held = attempt => { try { attempt(); return 'broken'; } catch (refused) { return 'held'; } };
const actions = {
  add: () => console.log(Number(arg) + 1),
  exit: () => process.exit(Number(arg)),
  die: () => process.abort(),
  spin: () => { for (;;) {} },
  eat: () => { const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1)); },
  flood: () => { for (;;) fs.writeSync(1, 'x'.repeat(1000)); },
  stamp: () => console.log(String(fs.statSync('/box/main.js', {bigint: true}).mtimeNs)),
  leave: () => { console.log(fs.existsSync('/tmp/left') ? 'old' : 'new'); fs.writeFileSync('/tmp/left', ''); },
  read: () => console.log(held(() => fs.openSync(arg, 'r'))),
  write: () => console.log(held(() => fs.openSync(arg, 'a'))),
  connect: () => net.connect(Number(arg), '127.0.0.1', () => console.log('broken')).on('error', () => console.log('held')),
  fork: () => console.log(held(() => { const run = child.spawnSync('/usr/bin/true'); if (run.error) throw run.error; })),
};
actions[what]();
"""
_GO = r"""
package main
import ("fmt"; "net"; "os"; "os/exec"; "strings")
func held(err error) string { if err == nil { return "broken" }; return "held" }
func open(path string, flags int) error { _, err := os.OpenFile(path, flags, 0o644); return err }
func main() {
  var what, arg string
  fmt.Scan(&what, &arg)
  var number int
  fmt.Sscan(arg, &number)
  switch what {
  case "add": fmt.Println(number + 1)
  case "exit": os.Exit(number)
  case "die": panic("dying")
  case "spin": for n := 0; ; n++ {}
  case "eat": for all := [][]byte{}; ; { part := make([]byte, 1 << 20); for n := range part { part[n] = 1 }; all = append(all, part) }
  case "flood": for { if _, err := fmt.Println(strings.Repeat("x", 1000)); err != nil { os.Exit(1) } }
  case "stamp": found, _ := os.Stat("/box/main"); fmt.Println(found.ModTime().UnixNano())
  case "leave":
    if _, err := os.Stat("/tmp/left"); err == nil { fmt.Println("old") } else { fmt.Println("new") }
    os.Create("/tmp/left")
  case "read": fmt.Println(held(open(arg, os.O_RDONLY)))
  case "write": fmt.Println(held(open(arg, os.O_APPEND | os.O_WRONLY | os.O_CREATE)))
  case "connect": _, err := net.Dial("tcp", "127.0.0.1:" + arg); fmt.Println(held(err))
  case "fork": fmt.Println(held(exec.Command("/usr/bin/true").Run()))
  }
}
"""
_BASH = r"""
read -r what arg
case $what in
  add) read -r sum < <(echo $((arg + 1))); echo "$sum" ;;
  exit) exit "$arg" ;;
  die) kill -ABRT $$ ;;
  spin) while :; do :; done ;;
  eat) all=xxxxxxxxxxxxxxxx; while :; do all=$all$all; done ;;
  flood) while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done ;;
  stamp) stat -c %y /box/main.sh ;;
  leave)
    [ -e /tmp/left ] || [ "$(stat -c %a /box/main.sh)" = 600 ] && echo old || echo new
    : > /tmp/left; chmod 0 /box/main.sh ;;
  read) (: < "$arg") 2> /dev/null && echo broken || echo held ;;
  write) (: >> "$arg") 2> /dev/null && echo broken || echo held ;;
  connect) (: <> /dev/tcp/127.0.0.1/"$arg") 2> /dev/null && echo broken || echo held ;;
esac
"""

OBEDIENT = {
    "c": _C,
    "cpp": _C,
    "rust": _RUST,
    "go": _GO,
    "java": _JAVA,
    "nodejs": _JAVASCRIPT,
    "bash": _BASH,
}
DEATHS = {
    "go": "exit status 2",
    "java": "exit status 1",  # a virtual machine that dies of a signal takes its time to say so
    **dict.fromkeys(("c", "cpp", "rust", "nodejs", "bash"), "killed by SIGABRT"),
}
BROKEN = {
    "c": ("int main(void) { return undeclared; }\n", "undeclared"),
    "cpp": ("int main() { return undeclared; }\n", "not declared in this scope"),
    "rust": ("fn main() { undeclared(); }\n", "cannot find function"),
    "go": ("package main\nfunc main() { undeclared() }\n", "undefined: undeclared"),
    "java": ("public class Main { int n = undeclared; }\n", "cannot find symbol"),
}
BUILT = {
    "c": "/box/main",
    "cpp": "/box/main",
    "rust": "/box/main",
    "go": "/box/main",
    "java": "/box/Main.class",
    "nodejs": "/box/main.js",
    "bash": "/box/main.sh",
}
"""What runs, which a test must not change."""
