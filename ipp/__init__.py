"""The Internet Printing Protocol: its bytes (`wire`), its client, its server and a printer to practise on (`virtual`)."""
