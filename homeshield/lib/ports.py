import errno
import socket


class PortInUse(Exception):
    """The port is taken or forbidden."""


def port_check(port: int, host: str = "127.0.0.1") -> None:
    """Raises PortInUse if no server could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # like servers: a port just released is free
        if attempt.family == socket.AF_INET6:
            attempt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            attempt.bind((host, port))
            attempt.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(f"Port {port} is in use by another program.") from error
            raise PortInUse(f"Port {port} cannot be used: {error.strerror}.") from error
