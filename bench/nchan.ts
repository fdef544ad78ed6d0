// nginx with nchan, the fastest hub for long polls that is known: started here where it is installed, one process on one
// core, as ours is.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const HOW_TO_GET_NCHAN =
  'nginx with nchan is not here: apt-get install nginx-light libnginx-mod-nchan, or unpack these packages with dpkg -x into a folder and name it with --nginx DIR'

export type Nginx = { readonly command: string; readonly module: string }

/** nginx and its module below a folder, `/` where they are installed; undefined where one is missing. */
export function findNginx(root: string): Nginx | undefined {
  const command = join(root, 'usr/sbin/nginx')
  const module = join(root, 'usr/lib/nginx/modules/ngx_nchan_module.so')
  return existsSync(command) && existsSync(module) ? { command, module } : undefined
}

/** Its arguments, and what takes its folder away again. */
export function nchanOn(port: number, { module }: Nginx): { args: string[]; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-nchan-'))
  const conf = join(folder, 'nginx.conf')
  writeFileSync(conf, confOf(port, folder, module))
  const args = ['-c', conf, '-p', folder, '-e', join(folder, 'error.log')]
  return { args, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function confOf(port: number, folder: string, module: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `load_module ${module};
daemon off;
master_process off;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
events { worker_connections 32768; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_body_in_single_buffer on;
  nchan_shared_memory_size 512m;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /sub {
      nchan_subscriber longpoll eventsource;
      nchan_channel_id $arg_room;
      nchan_subscriber_first_message newest;
    }
    location = /pub {
      nchan_publisher;
      nchan_channel_id $arg_room;
      nchan_message_buffer_length 500;
      nchan_message_timeout 1h;
    }
  }
}
`
}
