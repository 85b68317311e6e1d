"""Plays the part of systemd that starts a service with its sockets: becomes a program whose
LISTEN_FDS says that it has some. The process id stays, which LISTEN_PID must name.

    given_sockets.py NAMES DESCRIPTOR,DESCRIPTOR,... PROGRAM ARGUMENT...
"""

import os
import sys

FIRST = 3


def main(names, descriptors, program):
    # First out of the way of one another, then where they have to be.
    high = [os.dup2(int(fd), 100 + i) for i, fd in enumerate(descriptors.split(","))]
    for i, fd in enumerate(high):
        os.dup2(fd, FIRST + i)
        os.close(fd)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)),
                      LISTEN_FDNAMES=names)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
