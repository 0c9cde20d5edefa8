"""How models do where they are used: requests, drift, and whether their scores came true."""
