frop;
